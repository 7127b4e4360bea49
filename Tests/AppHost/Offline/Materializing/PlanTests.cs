using Aspire.Hosting;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.DependencyInjection;
using Stack.Tests.ServiceDefaults;

namespace Stack.Tests.AppHost.Offline.Materializing;

public sealed class PlanTests
{
    [Fact]
    public async Task Embedded_Resource_GivesItsConsumersNoVariable()
    {
        await using var application = new TestApplication("--infrastructure", "embedded");
        var database = application.Builder.AddPostgres("postgres").AddDatabase("stackdb");
        var redis = application.Builder.AddRedis("redis");
        var ollama = application.Builder.AddContainer("ollama", "ollama/ollama").WithHttpEndpoint(targetPort: 11434);
        application.AddShell("server", "env; exec sleep 3000")
            .WithReference(database).WaitFor(database)
            .WithReference(redis).WaitFor(redis)
            .WithEnvironment("Ollama__Endpoint", ollama.GetEndpoint("http"))
            .WithEnvironment("Mixed", $"at {ollama.GetEndpoint("http")}")
            .WithEnvironment("Plain", "here");

        await application.StartAsync();
        await Eventually.TrueAsync(() => application.Log("server").Contains("Plain=here"), "the environment is written");

        string[] absent = ["ConnectionStrings__", "STACKDB_", "REDIS_", "Ollama__", "Mixed"];
        Assert.DoesNotContain(application.Log("server"), line => absent.Any(prefix => line.StartsWith(prefix, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Infrastructure_NotPossible_IsRefusedWithWhatIsMissing()
    {
        await using var application = new TestApplication("--infrastructure", "containers");
        application.Builder.Services.AddSingleton(new ProgramSearch(path: "", root: "/nowhere"));
        application.Builder.AddRedis("redis");
        application.Builder.AddRabbitMQ("rabbitmq");

        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(application.StartAsync);

        const string missing = "no container runtime answers";
        Assert.StartsWith($"--infrastructure containers is not possible here: redis ({missing}); rabbitmq ({missing}).", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("docker is not installed, podman is not installed", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install podman", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("use --infrastructure auto or embedded", refusal.Message, StringComparison.Ordinal);
    }
}
