using System.Text.Json;
using Stack.Tests.Servers;
using Xunit.Abstractions;

namespace Stack.Tests.EndToEnd;

/// <summary>The drills and a short soak, with the command that people use, against a running stack with short leases.</summary>
[Collection(EndToEndCollection.Name)]
[NeedsServer("postgresql")]
[NeedsServer("redis-server")]
[NeedsServer("rabbitmq-server")]
public sealed class DrillTests(ITestOutputHelper output)
{
    private static readonly (string, string)[] ShortLeases = [("Engine__LeaseDuration", "00:00:03"), ("Engine__HeartbeatInterval", "00:00:01")];

    [Fact]
    public async Task DrillAllAndSoak_EmbeddedStack_EverythingHolds()
    {
        await using var stack = new RunningStack();
        await stack.StartAsync(ShortLeases);

        var drills = await RunAsync(stack, TimeSpan.FromMinutes(6), "drill", "--all", "--workflows", "20", "--seed", "1", "--json");
        var outcomes = drills.GetProperty("drills").EnumerateArray().ToDictionary(drill => drill.GetProperty("drill").GetString()!, drill => drill.GetProperty("status").GetString());
        Assert.Equal(["agent-hang", "clock-skew", "duplicate-result", "kill-agent", "kill-orchestrator", "poison-message"], NamesOf(outcomes, "held"));
        Assert.Equal(["postgres-restart", "rabbit-restart", "redis-pause", "slow-database"], NamesOf(outcomes, "not_applicable"));

        var soak = await RunAsync(stack, TimeSpan.FromMinutes(4), "soak", "--workflows", "500", "--in-flight", "60", "--every", "2s", "--seed", "1", "--json");
        Assert.True(soak.GetProperty("holds").GetBoolean());
        Assert.NotEmpty(soak.GetProperty("faults").EnumerateObject());

        await stack.StopAsync();
        Assert.Empty(stack.Processes());
    }

    [ServerFact]
    public async Task DrillsAndSoak_RealServers_EverythingHolds()
    {
        await using var stack = new RunningStack("processes");
        await stack.StartAsync(ShortLeases);

        string[] names = ["duplicate-result", "kill-orchestrator", "postgres-restart", "rabbit-restart", "redis-pause", "slow-database"];
        var drills = await RunAsync(stack, TimeSpan.FromMinutes(6), ["drill", .. names, "--workflows", "20", "--seed", "1", "--json"]);
        var outcomes = drills.GetProperty("drills").EnumerateArray().ToDictionary(drill => drill.GetProperty("drill").GetString()!, drill => drill.GetProperty("status").GetString());
        Assert.Equal(names, NamesOf(outcomes, "held"));

        var soak = await RunAsync(stack, TimeSpan.FromMinutes(5), "soak", "--workflows", "500", "--in-flight", "100", "--every", "3s", "--seed", "1", "--json");
        Assert.True(soak.GetProperty("holds").GetBoolean());
        Assert.NotEmpty(soak.GetProperty("faults").EnumerateObject());

        await stack.StopAsync();
        Assert.Empty(stack.Processes());
    }

    private static IEnumerable<string> NamesOf(Dictionary<string, string?> outcomes, string status) =>
        outcomes.Where(pair => pair.Value == status).Select(pair => pair.Key).Order(StringComparer.Ordinal);

    private async Task<JsonElement> RunAsync(RunningStack stack, TimeSpan deadline, params string[] arguments)
    {
        var run = await Programs.CliAsync(stack, deadline, [.. arguments, "--data", stack.DataDirectory]);
        output.WriteLine(run.Output + run.Error);
        Assert.True(run.ExitCode == 0, $"exit code {run.ExitCode}{Environment.NewLine}{run.Output}{run.Error}{Environment.NewLine}{stack.Output}");
        using var document = JsonDocument.Parse(run.Output);
        return document.RootElement.Clone();
    }
}
