using System.Text.Json;
using Stack.Agents.Canary;
using Stack.Agents.Runtime;
using Stack.Contracts;
using Stack.Tests.Agents.Runtime;

namespace Stack.Tests.Agents.Canary;

public sealed class CanaryAgentTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryTaskFeed _feed = new() { HeartbeatIntervalMs = 60_000 };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Execute_Nothing_SaysWhichAttemptItWas_AndWritesItDown()
    {
        var task = TaskOf(new CanaryInput());

        var outcome = await RunAsync(task);

        Assert.Equal(new CanaryOutput { Stage = "work", Attempt = 1 }, Assert.IsType<StageOutcome.Completed>(outcome).Output!.To<CanaryOutput>());
        Assert.Equal([CanaryLedgerEvent.Begun, CanaryLedgerEvent.Finished], Ledger().Where(entry => entry.TaskId == task.TaskId).Select(entry => entry.Event));
    }

    [Fact]
    public async Task Execute_PayloadBytes_IsThatLarge()
    {
        var outcome = await RunAsync(TaskOf(new CanaryInput { PayloadBytes = 5000 }));

        Assert.Equal(5000, Assert.IsType<StageOutcome.Completed>(outcome).Output!.To<CanaryOutput>()!.Padding!.Length);
    }

    [Fact]
    public async Task Execute_RepeatStage_FailsOnceAtNoCost_ThenHandsInTheOldSuccessAndItsOwnAgainAndAgain()
    {
        var first = TaskOf(new CanaryInput { RepeatStage = "work" });

        var failure = Assert.IsType<StageOutcome.Failed>(await RunAsync(first));
        Assert.Equal(FailureClass.Infrastructure, failure.Error.Class);
        Assert.Equal([CanaryLedgerEvent.Begun], Ledger().Select(entry => entry.Event));

        var second = first with { TaskId = first.TaskId with { Attempt = 2 } };
        Assert.IsType<StageOutcome.Completed>(await RunAsync(second));
        await Eventually.TrueAsync(() => Reports().Length == 7, "the runtime's own report is the last one");
        Assert.Equal([first.TaskId, first.TaskId, second.TaskId, second.TaskId, first.TaskId, second.TaskId, second.TaskId], Reports());
    }

    [Fact]
    public void Clock_AFileSaysSo_OneIsAheadAndTheOthersAreBehind()
    {
        using var home = AgentHome.Open(_folder.Path, CanaryFiles.AgentType, new Random(1));
        File.WriteAllText(Path.Combine(home.SharedDirectory, CanaryFiles.ClockOffset), "05:00:00");

        using var first = CanaryClock.Of(home);
        using var second = CanaryClock.Of(home);

        Assert.InRange(first.GetUtcNow() - DateTimeOffset.UtcNow, TimeSpan.FromHours(4.9), TimeSpan.FromHours(5.1));
        Assert.InRange(second.GetUtcNow() - DateTimeOffset.UtcNow, TimeSpan.FromHours(-5.1), TimeSpan.FromHours(-4.9));
        Assert.InRange(first.GetTimestamp() - TimeProvider.System.GetTimestamp(), -TimeProvider.System.TimestampFrequency, TimeProvider.System.TimestampFrequency);
    }

    private static TaskEnvelope TaskOf(CanaryInput input)
    {
        var task = Tasks.Of(CanaryFiles.AgentType);
        return task with { WorkflowContext = task.WorkflowContext with { Input = JsonPayload.From(input) } };
    }

    private async Task<StageOutcome> RunAsync(TaskEnvelope task)
    {
        using var home = AgentHome.Open(_folder.Path, CanaryFiles.AgentType, new Random(1));
        using var ledger = new CanaryLedger(home, TimeProvider.System);
        await using var host = await AgentHostFixture.StartAsync(new CanaryAgent(ledger), _folder, _feed);
        _feed.Enqueue(task);
        return (await _feed.ResultOfAsync(task)).Outcome;
    }

    private TaskId[] Reports() =>
        [.. _feed.Calls.Where(call => call.StartsWith("result ", StringComparison.Ordinal)).Select(call => TaskId.Parse(call["result ".Length..], null))];

    private IEnumerable<CanaryLedgerEntry> Ledger() => Directory.EnumerateFiles(_folder.Path, "*.jsonl", SearchOption.AllDirectories)
        .SelectMany(File.ReadAllLines).Select(line => JsonSerializer.Deserialize<CanaryLedgerEntry>(line, StackJson.Options)!);
}
