using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Stack.Tests.ServiceDefaults;

namespace Stack.Tests.AppHost.Offline.Building;

public sealed class ParameterTests
{
    [Fact]
    public async Task Parameter_WithoutAValue_IsMissingAndItsUserSaysHowToGiveIt()
    {
        await using var application = new TestApplication();
        var key = application.Builder.AddParameter("api-key", secret: true);
        application.AddSleeper("server").WithEnvironment("KEY", key);

        await application.StartAsync();
        await application.States.WaitForResourceAsync("api-key", KnownResourceStates.ValueMissing, TestApplication.Deadline);
        await application.States.WaitForResourceAsync("server", KnownResourceStates.FailedToStart, TestApplication.Deadline);

        Assert.Contains(
            "Parameter 'api-key' has no value. Give it one: on the command line (--Parameters:api-key VALUE), in the environment (Parameters__api_key=VALUE) or in appsettings.json (key 'Parameters:api-key').",
            application.Log("server"));
    }

    [Theory]
    [InlineData("--Parameters:api-key")]
    [InlineData("--Parameters:api_key")]
    public async Task Parameter_GivenOnTheCommandLine_IsPassedOn(string option)
    {
        await using var application = new TestApplication(option, "s3cret");
        var key = application.Builder.AddParameter("api-key", secret: true);
        application.AddShell("server", "echo $KEY; exec sleep 3000").WithEnvironment("KEY", key);

        await application.StartAsync();

        await Eventually.TrueAsync(() => application.Log("server").Contains("s3cret"), "the service has the value");
        Assert.DoesNotContain(application.StateOf("server")!.EnvironmentVariables, variable => variable.Value == "s3cret");
        Assert.True(application.StateOf("api-key")!.Properties.Single().IsSensitive);
    }

    [Fact]
    public async Task Literal_IsNotOverriddenByConfiguration()
    {
        await using var application = new TestApplication("--Parameters:model", "other");

        Assert.Equal("llama3.2", application.Builder.AddParameter("model", "llama3.2").Resource.Value);
    }

    [Fact]
    public async Task Generated_AndKept_IsTheSameNextTimeAndReadableByItsOwnerOnly()
    {
        await using var application = new TestApplication();
        var rule = new GenerateParameterDefault { MinLength = 40, Special = false };
        var first = application.Builder.AddParameter("token", rule, secret: true, persist: true).Resource.Value;

        var again = DistributedApplication.CreateBuilder(["--data", application.Data]).AddParameter("token", rule, secret: true, persist: true).Resource.Value;

        Assert.Equal(first, again);
        Assert.Matches("^[A-Za-z0-9]{40}$", first);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(application.Data, "secrets.json")));
        }
    }

    [Fact]
    public async Task SecretsFile_IsDamaged_IsNamedAndNotOverwritten()
    {
        await using var application = new TestApplication();
        var path = Path.Combine(application.Data, "secrets.json");
        await File.WriteAllTextAsync(path, "{ half");
        var token = application.Builder.AddParameter("token", new GenerateParameterDefault { MinLength = 8 }, secret: true, persist: true);

        var failure = Assert.Throws<DistributedApplicationException>(() => token.Resource.Value);

        Assert.StartsWith($"The secrets file {path} is damaged", failure.Message, StringComparison.Ordinal);
        Assert.Equal("{ half", await File.ReadAllTextAsync(path));
    }
}
