using System.Text.Json;
using Stack.Cli;
using Stack.Tests.Orchestrator.Cli.Drills;

namespace Stack.Tests.Orchestrator.Cli.Commands;

public sealed class DrillCommandTests
{
    private static readonly string[] Names =
        ["agent-hang", "clock-skew", "duplicate-result", "kill-agent", "kill-orchestrator", "poison-message", "postgres-restart", "rabbit-restart", "redis-pause", "slow-database"];

    [Fact]
    public async Task List_Drills_NamesAllTen()
    {
        var outcome = await RunAsync(Path.GetTempPath(), "drill", "list", "--json");

        using var list = JsonDocument.Parse(outcome.Out);
        Assert.Equal(Names, list.RootElement.GetProperty("drills").EnumerateArray().Select(drill => drill.GetProperty("name").GetString()).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Which drill?")]
    [InlineData("Give one of the two", "kill-agent", "--all")]
    [InlineData("Did you mean 'kill-agent'?", "kil-agent")]
    [InlineData("out of range", "kill-agent", "--workflows", "1")]
    [InlineData("not a duration", "kill-agent", "--timeout", "soon")]
    public async Task Drill_WrongUsage_SaysWhatToWrite(string expected, params string[] arguments)
    {
        var outcome = await RunAsync(Path.GetTempPath(), ["drill", .. arguments]);

        Assert.Equal(ExitCode.Usage, outcome.Code);
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drill_NoAppHostRuns_SaysWhereItLooked()
    {
        var outcome = await RunAsync("/nowhere", "drill", "kill-agent");

        Assert.Equal(ExitCode.Unavailable, outcome.Code);
        Assert.Contains("/nowhere/run/host.json", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drill_AppHostWentAway_SaysSo()
    {
        await using var host = await ScriptedHost.StartAsync();
        await host.StopAsync();

        var outcome = await RunAsync(host.DataDirectory, "drill", "kill-agent");

        Assert.Equal(ExitCode.Unavailable, outcome.Code);
        Assert.Contains("connection refused", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drill_HostFileIsNoJson_SaysSo()
    {
        await using var host = await ScriptedHost.StartAsync();
        host.WriteFile("nonsense");

        var outcome = await RunAsync(host.DataDirectory, "drill", "kill-agent");

        Assert.Equal(ExitCode.Unavailable, outcome.Code);
        Assert.Contains("cannot be read", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drill_TokenIsWrong_IsRefused()
    {
        await using var host = await ScriptedHost.StartAsync();
        host.WriteFile(File.ReadAllText(Path.Combine(host.DataDirectory, "run", "host.json")).Replace("secret", "guess", StringComparison.Ordinal));

        var outcome = await RunAsync(host.DataDirectory, "drill", "redis-pause");

        Assert.Equal(ExitCode.Usage, outcome.Code);
        Assert.Contains("Wrong token", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drill_ComponentIsEmbedded_IsNotApplicableAndNotBroken()
    {
        await using var host = await ScriptedHost.StartAsync(ScriptedHost.Resource("redis", "embedded"));

        var outcome = await RunAsync(host.DataDirectory, "drill", "redis-pause", "slow-database", "--seed", "7");

        Assert.Equal(ExitCode.Completed, outcome.Code);
        Assert.Contains("redis-pause not applicable: redis is embedded", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("slow-database not applicable: there is no postgres", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("Seed 7", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(host.Commands);
    }

    [Fact]
    public async Task Drill_OrchestratorDoesNotAnswer_IsBrokenAndInTheHistory()
    {
        await using var host = await ScriptedHost.StartAsync(ScriptedHost.Resource("canary-agent"));

        var outcome = await RunAsync(host.DataDirectory, "drill", "kill-agent", "--timeout", "200ms", "--json");

        Assert.Equal(ExitCode.Failed, outcome.Code);
        using var document = JsonDocument.Parse(outcome.Out);
        var drill = document.RootElement.GetProperty("drills")[0];
        Assert.Equal(("broken", 0), (drill.GetProperty("status").GetString(), drill.GetProperty("score").GetInt32()));
        var history = await RunAsync(host.DataDirectory, "drill", "history");
        Assert.Contains("kill-agent  1     1       broken 0  first", history.Out, StringComparison.Ordinal);
    }

    private static Task<CommandOutcome> RunAsync(string data, params string[] arguments)
    {
        var isAbout = arguments is ["drill", "list", ..];
        return new StackCommand().InvokeAsync(new Uri("http://127.0.0.1:1"), CancellationToken.None, isAbout ? arguments : [.. arguments, "--data", data]);
    }
}
