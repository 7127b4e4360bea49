using System.Text.Json.Nodes;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Stack.Tests.AppHost.Offline.Evaluating;

public sealed class GoldenEnvironmentTests : IDisposable
{
    private readonly TemporaryDirectory data = new();
    private readonly IDistributedApplicationBuilder builder;

    public GoldenEnvironmentTests() => builder = GoldenApplication.Describe(data.Path);

    /// <summary>Values that are ours: what Aspire's orchestrator fills in later, and the address to bind, which is the public one because no proxy stands before the process.</summary>
    private static readonly Dictionary<string, Func<string, string>> Ours = new()
    {
        ["OTEL_RESOURCE_ATTRIBUTES"] = _ => "service.instance.id={instance}",
        ["OTEL_SERVICE_NAME"] = resource => resource,
        ["OTEL_EXPORTER_OTLP_HEADERS"] = _ => "x-otlp-api-key=key",
        ["ASPNETCORE_URLS"] = resource => resource == "orchestrator" ? "http://localhost:5100" : "http://localhost:5101",
    };

    private static readonly JsonNode Golden = JsonNode.Parse(File.ReadAllText(Path.Combine(GoldenApplication.Folder, "run-env.json")))!;

    public static TheoryData<string> Resources => [.. Golden.AsObject().Where(entry => entry.Value!["env"] is not null && !entry.Key.EndsWith("-rebuilder", StringComparison.Ordinal)).Select(entry => entry.Key)];

    public static TheoryData<string> ConnectionStrings => [.. Golden.AsObject().Where(entry => entry.Value!["connectionString"] is not null).Select(entry => entry.Key)];

    [Theory]
    [MemberData(nameof(Resources))]
    public async Task Environment_OfAResource_IsWhatAspireGivesInItsOrder(string resource)
    {
        var variables = await ((IResourceWithEnvironment)Find(resource)).GetEnvironmentVariableValuesAsync();

        var expected = Golden[resource]!["env"]!.AsObject().Select(variable => (variable.Key, Ours.TryGetValue(variable.Key, out var ours) ? ours(resource) : variable.Value!.GetValue<string>()));
        Assert.Equal(expected, variables.Select(variable => (variable.Key, variable.Value)));
    }

    [Theory]
    [MemberData(nameof(ConnectionStrings))]
    public async Task ConnectionString_OfAResource_IsWhatAspireGives(string resource) =>
        Assert.Equal(Golden[resource]!["connectionString"]!.GetValue<string>(), await ((IResourceWithConnectionString)Find(resource)).GetConnectionStringAsync());

    [Theory]
    [MemberData(nameof(Resources))]
    public async Task Arguments_OfAResource_AreWhatAspireGives(string resource) =>
        Assert.Equal(Golden[resource]!["args"]!.AsArray().Select(argument => argument!.GetValue<string>()), await ((IResourceWithArgs)Find(resource)).GetArgumentValuesAsync());

    [Fact]
    public void Endpoints_OfResources_AreWhatAspireDeclares()
    {
        var management = Endpoint("messaging", "management");
        Assert.Equal(("http", "http", null, 15672, false, true), (management.UriScheme, management.Transport, management.Port, management.TargetPort, management.IsExternal, management.IsProxied));
        var cache = Endpoint("cache", "tcp");
        Assert.Equal(("redis", "tcp", null, 6379), (cache.UriScheme, cache.Transport, cache.Port, cache.TargetPort));
        var orchestrator = Endpoint("orchestrator", "http");
        Assert.Equal(("http", 5100, null, true), (orchestrator.UriScheme, orchestrator.Port, orchestrator.TargetPort, orchestrator.IsExternal));
    }

    [Fact]
    public void Images_OfContainers_AreWhatAspireUses()
    {
        Assert.Equal("docker.io/library/postgres:18.3", Image("postgres"));
        Assert.Equal("docker.io/library/redis:8.6", Image("cache"));
        Assert.Equal("docker.io/library/rabbitmq:4.3-management", Image("messaging"));
        Assert.Equal("ollama/ollama:latest", Image("ollama"));
        Assert.Equal("/var/lib/postgresql", Find("postgres").Annotations.OfType<ContainerMountAnnotation>().Single().Target);
    }

    [Fact]
    public async Task Environment_Published_HasPlaceholdersAndNoSecret()
    {
        var variables = await ((IResourceWithEnvironment)Find("migrations")).GetEnvironmentVariableValuesAsync(DistributedApplicationOperation.Publish);

        Assert.Equal("{appdb.connectionString}", variables["ConnectionStrings__appdb"]);
        Assert.Equal("{pg-password.value}", variables["APPDB_PASSWORD"]);
        Assert.DoesNotContain("P@ss w0rd", string.Join(' ', variables.Values), StringComparison.Ordinal);
    }

    public void Dispose() => data.Dispose();

    private IResource Find(string name) => builder.Resources.Single(resource => resource.Name == name);

    private EndpointAnnotation Endpoint(string resource, string name) => Find(resource).Annotations.OfType<EndpointAnnotation>().Single(endpoint => endpoint.Name == name);

    private string? Image(string resource) => Find(resource).TryGetContainerImageName(out var image) ? image : null;
}
