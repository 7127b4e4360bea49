using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.DependencyInjection;

namespace Stack.Tests.AppHost.Offline.Servers;

public sealed class ServerMaterializerTests : IDisposable
{
    private readonly TemporaryDirectory machine = new();

    [Fact]
    public async Task Processes_NothingIsInstalled_NamesAllThatIsMissingAndTheCommand()
    {
        await using var application = OnThisMachine("processes");
        application.Builder.AddPostgres("postgres").AddDatabase("stackdb");
        application.Builder.AddRedis("redis");
        application.Builder.AddRabbitMQ("rabbitmq");

        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(application.StartAsync);

        Assert.StartsWith(
            "--infrastructure processes is not possible here: postgres (PostgreSQL is not installed (15 or later is needed)); redis (redis-server is not installed); rabbitmq (rabbitmq-server is not installed).",
            refusal.Message,
            StringComparison.Ordinal);
        Assert.Contains("    sudo apt-get install postgresql redis-server rabbitmq-server", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("    sudo systemctl disable --now postgresql redis-server rabbitmq-server", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processes_OneIsInstalled_OnlyTheOthersAreMissing()
    {
        Install("redis-server", "echo 'Redis server v=7.0.15'");
        await using var application = OnThisMachine("processes");
        application.Builder.AddRedis("redis");
        application.Builder.AddRabbitMQ("rabbitmq");

        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(application.StartAsync);

        Assert.Contains("not possible here: rabbitmq (rabbitmq-server is not installed).", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("    sudo apt-get install rabbitmq-server\n", refusal.Message.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processes_PostgresIsOld_SaysWhatIsNeeded()
    {
        Install("postgres", "echo 'postgres (PostgreSQL) 13.4 (Debian 13.4-1)'");
        Install("initdb", "exit 0");
        await using var application = OnThisMachine("processes");
        application.Builder.AddPostgres("postgres");

        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(application.StartAsync);

        Assert.Contains("postgres (PostgreSQL 13 is too old (15 or later is needed))", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processes_OllamaIsNotInstalled_IsEmbeddedWithTheReason()
    {
        await using var application = OnThisMachine("processes");
        application.Builder.AddContainer("ollama", "ollama/ollama").WithHttpEndpoint(targetPort: 11434);

        await application.StartAsync();
        await application.States.WaitForResourceAsync("ollama", KnownResourceStates.Running, TestApplication.Deadline);
        await Eventually.TrueAsync(() => application.Terminal().Contains("Press Ctrl+C to shut down.", StringComparison.Ordinal), "the table is written");

        Assert.Matches(@"(?m)^ollama +embedded +embedded .*services use their embedded adapter: ollama is not installed", application.Terminal());
    }

    [Fact]
    public async Task Processes_OllamaIsInstalled_ServesOnItsOwnPort()
    {
        Install("ollama", "echo \"$1 on $OLLAMA_HOST\"; exec sleep 3000");
        await using var application = OnThisMachine("processes");
        var ollama = application.Builder.AddContainer("ollama", "ollama/ollama").WithHttpEndpoint(targetPort: 11434);

        await application.StartAsync();

        await Eventually.TrueAsync(() => application.Log("ollama").Contains($"serve on 127.0.0.1:{ollama.GetEndpoint("http").Port}"), "it is told its port");
    }

    [Fact]
    public async Task Processes_AContainerThatIsNoKnownServer_IsRefused()
    {
        await using var application = OnThisMachine("processes");
        application.Builder.AddContainer("grafana", "grafana/grafana");

        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(application.StartAsync);

        Assert.Contains("grafana (it is not a server that this host knows)", refusal.Message, StringComparison.Ordinal);
    }

    public void Dispose() => machine.Dispose();

    private TestApplication OnThisMachine(string mode)
    {
        var application = new TestApplication("--infrastructure", mode);
        application.Builder.Services.AddSingleton(new ProgramSearch(machine.Path, machine.Path));
        application.Builder.Services.AddSingleton(new ServerPackages(new Dictionary<string, string> { ["ID"] = "debian" }, isMac: false, isRoot: false));
        return application;
    }

    private void Install(string program, string script)
    {
        File.WriteAllText(machine.File(program), $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(machine.File(program), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
