using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Docker;
using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Publishing.Deploying;

public sealed class DeploymentValuesTests : IDisposable
{
    private readonly TemporaryDirectory data = new();

    [Fact]
    public async Task Resolve_ASecretWithoutAValue_NamesAllOfThemAndTheRemedy()
    {
        var compose = await ComposeAsync();

        var refusal = Assert.Throws<DistributedApplicationException>(() => Resolve(compose, []));

        Assert.Contains("Parameter 'pg-password' has no value. Give it one:", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Parameter 'api-key' has no value.", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("There is no image for 'orchestrator'. Make it with 'build'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resolve_WhatTheFileSays_WinsOverConfiguration()
    {
        var values = Resolve(await ComposeAsync("--Parameters:pg-password", "configured", "--Parameters:api-key", "configured", "--ConnectionStrings:external", "x"), Said("PG_PASSWORD", "said"));

        Assert.Equal("said", values["PG_PASSWORD"]);
        Assert.Equal("configured", values["API_KEY"]);
        Assert.Equal("llama3.2", values["MODEL"]);
    }

    [Fact]
    public async Task Resolve_AGeneratedPassword_IsTheSameTheNextTime()
    {
        string[] arguments = ["--Parameters:pg-password", "a", "--Parameters:api-key", "b", "--ConnectionStrings:external", "x"];

        var first = Resolve(await ComposeAsync(arguments), Said());
        var second = Resolve(await ComposeAsync(arguments), Said());

        Assert.Equal(22, first["CACHE_PASSWORD"].Length);
        Assert.Equal(first["CACHE_PASSWORD"], second["CACHE_PASSWORD"]);
    }

    [Fact]
    public async Task Resolve_APasswordForAnAddress_IsPercentEncoded()
    {
        var compose = await ComposeAsync("--Parameters:pg-password", "P@ss w/rd", "--Parameters:api-key", "b", "--ConnectionStrings:external", "x");
        var values = Resolve(compose, Said());

        var uri = compose.Services.Single(service => service.Name == "migrations").Environment.Single(variable => variable.Name == "APPDB_URI").Value;

        Assert.Equal("postgresql://postgres:P%40ss%20w%2Frd@postgres:5432/appdb", DeploymentValues.Fill(uri, values));
    }

    [Fact]
    public async Task Resolve_APasswordThatEndsAConnectionString_IsRefused()
    {
        var compose = await ComposeAsync("--Parameters:pg-password", "a;Host=elsewhere", "--Parameters:api-key", "b", "--ConnectionStrings:external", "x");

        Assert.Contains("'pg-password' has one of the characters", Assert.Throws<DistributedApplicationException>(() => Resolve(compose, Said())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("${A}-${B:-${A}}-$$A", "1-1-$A")]
    [InlineData("${NONE}", "")]
    public void Fill_AText_HasValuesInItsHoles(string text, string filled) => Assert.Equal(filled, DeploymentValues.Fill(text, new Dictionary<string, string> { ["A"] = "1" }));

    public void Dispose() => data.Dispose();

    private static Dictionary<string, string> Said(string? name = null, string value = "")
    {
        var said = new[] { "MIGRATIONS_IMAGE", "ORCHESTRATOR_IMAGE", "AGENTS_IMAGE" }.ToDictionary(image => image, _ => "image");
        if (name is not null)
        {
            said[name] = value;
        }

        return said;
    }

    private IReadOnlyDictionary<string, string> Resolve(ComposeFile compose, Dictionary<string, string> said) =>
        new DeploymentValues(new SecretFile(data.Path), said, new Dictionary<string, string>()).Resolve(compose);

    private static async Task<ComposeFile> ComposeAsync(params string[] arguments)
    {
        var builder = GoldenApplication.Describe(["--operation", "publish", .. arguments]);
        var application = await new ApplicationReader(new DistributedApplicationModel(builder.Resources), builder.ExecutionContext, "apphost").ReadAsync(CancellationToken.None);
        return new ComposePublisher(application, new DockerComposeEnvironmentResource("compose") { DashboardEnabled = false }).Publish();
    }
}
