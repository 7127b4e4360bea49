using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Docker;
using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Publishing.Compose;

public sealed class ComposePublisherTests
{
    private static readonly string Golden = Path.Combine(GoldenApplication.Folder, "compose");

    [Fact]
    public async Task ComposeFile_OfTheGoldenApplication_DiffersFromAspiresOnlyWhereItIsBetter()
    {
        var ours = await PublishAsync(GoldenApplication.Describe("--operation", "publish", "--target", "compose"));

        new NamedDifferences(
            ("services say how they are found healthy", @"^\+services\.(postgres|cache|messaging|ollama|orchestrator|agents)\.healthcheck\."),
            ("who waits for another waits until it is healthy", @"^~services\.\w+\.depends_on\.\w+\.condition = service_started → service_healthy$"),
            ("replicas are not forgotten", @"^\+services\.agents\.deploy\.replicas = 3$"),
            ("what dies is started again", @"^\+services\.(?!migrations)\w+\.restart = unless-stopped$"),
            ("what did its work is not", @"^\+services\.migrations\.restart = no$"),
            ("services may finish what they do", @"^\+services\.(orchestrator|agents)\.stop_grace_period = 30s$"),
            ("the database is there", @"^\+services\.postgres\.environment\.POSTGRES_DB = appdb$"),
            ("passwords in addresses are percent-encoded", @"^~services\.\w+\.environment\.\w+ = (?<a>.*)\$\{(?<p>\w+)\}(?<b>.*) → \k<a>\$\{\k<p>_URI_ENCODED:-\$\{\k<p>\}\}\k<b>$"),
            ("no address that nothing serves", @"^-services\.agents\.environment\.ORCHESTRATOR_HTTPS = "))
            .AreAllOf(YamlDifferences.Between(await File.ReadAllTextAsync(Path.Combine(Golden, ComposePublisher.FileName)), ours.ToYaml()));
    }

    [Fact]
    public async Task EnvironmentFile_OfTheGoldenApplication_HasAspiresKeysAndTheEncodedPasswords()
    {
        var ours = await PublishAsync(GoldenApplication.Describe("--operation", "publish", "--target", "compose"));

        var golden = EnvironmentFile.Read(await File.ReadAllTextAsync(Path.Combine(Golden, ComposePublisher.VariablesFileName)));
        var merged = EnvironmentFile.Read(EnvironmentFile.Merge(null, ours.Variables));
        Assert.Equal(golden.Keys.Concat(["CACHE_PASSWORD_URI_ENCODED", "MESSAGING_PASSWORD_URI_ENCODED", "PG_PASSWORD_URI_ENCODED"]).Order(StringComparer.Ordinal), merged.Keys.Order(StringComparer.Ordinal));
        // Ours is better: a port that everybody uses is said.
        Assert.Equal(["AGENTS_PORT=8080", "ORCHESTRATOR_PORT=8080"], merged.Where(entry => entry.Value != golden.GetValueOrDefault(entry.Key, "")).Select(entry => $"{entry.Key}={entry.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Service_WithExplicitStart_StartsOnlyInItsProfile()
    {
        var builder = DistributedApplication.CreateBuilder(["--operation", "publish"]);
        builder.AddContainer("drill", "image").WithExplicitStart();

        Assert.Equal("drill", Assert.Single((await PublishAsync(builder)).Services).Profile);
    }

    [Fact]
    public async Task Service_WithAPublicPort_GetsThatPort()
    {
        var builder = DistributedApplication.CreateBuilder(["--operation", "publish"]);
        builder.AddContainer("web", "image").WithHttpEndpoint(port: 3000, targetPort: 80).WithExternalHttpEndpoints();

        Assert.Equal(["3000:80"], Assert.Single((await PublishAsync(builder)).Services).Ports);
    }

    [Fact]
    public async Task Service_OfARabbitWithData_KeepsTheNameThatItsDataHangOn()
    {
        var builder = DistributedApplication.CreateBuilder(["--operation", "publish"]);
        builder.AddRabbitMQ("broker").WithDataVolume();

        Assert.Equal("broker", Assert.Single((await PublishAsync(builder)).Services).Hostname);
    }

    [Fact]
    public async Task Volume_WithoutAName_IsRefusedWithTheRemedy()
    {
        var builder = DistributedApplication.CreateBuilder(["--operation", "publish"]);
        builder.AddContainer("store", "image").WithVolume("/data");

        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(() => PublishAsync(builder));

        Assert.Contains("'/data' has no name", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("WithVolume(name, target)", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<ComposeFile> PublishAsync(IDistributedApplicationBuilder builder)
    {
        var application = await new ApplicationReader(new DistributedApplicationModel(builder.Resources), builder.ExecutionContext, "apphost").ReadAsync(CancellationToken.None);
        var environment = builder.Resources.OfType<DockerComposeEnvironmentResource>().FirstOrDefault() ?? new DockerComposeEnvironmentResource("compose") { DashboardEnabled = false };
        return new ComposePublisher(application, environment).Publish();
    }
}
