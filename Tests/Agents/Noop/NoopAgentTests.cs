using Stack.Agents.Noop;
using Stack.Contracts;
using Stack.Tests.Agents.Runtime;

namespace Stack.Tests.Agents.Noop;

public sealed class NoopAgentTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryTaskFeed _feed = new() { HeartbeatIntervalMs = 60_000 };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Execute_WithoutOptions_EchoesWith()
    {
        var outcome = await RunAsync(Tasks.Of("noop", with: """{"any":"thing"}"""));

        Assert.Equal("""{"any":"thing"}""", Assert.IsType<StageOutcome.Completed>(outcome).Output!.ToString());
    }

    [Fact]
    public async Task Execute_FailTimes_FailsThatOftenAndThenSucceeds()
    {
        var task = Tasks.Of("noop", with: """{"fail_times":2}""");

        Assert.Equal("noop_failed", Assert.IsType<StageOutcome.Failed>(await RunAsync(task with { RetryCount = 1 })).Error.Code);
        Assert.IsType<StageOutcome.Completed>(await RunAsync(task with { RetryCount = 2, TaskId = task.TaskId with { Attempt = 2 } }));
    }

    [Fact]
    public async Task Execute_OutputBytes_IsThatLarge()
    {
        var outcome = await RunAsync(Tasks.Of("noop", with: """{"output_bytes":1024}"""));

        Assert.Equal(1024, Assert.IsType<StageOutcome.Completed>(outcome).Output!.SizeBytes);
    }

    [Fact]
    public async Task Execute_ThousandTasks_CostAFewCallsAndNoFile()
    {
        var tasks = Enumerable.Range(0, 1_000).Select(_ => Tasks.Of("noop")).ToList();
        _feed.Enqueue(tasks);
        await using var host = await AgentHostFixture.StartAsync(new NoopAgent(), _folder, _feed, ("Agent:MaxConcurrency", "1000"));
        await Eventually.TrueAsync(() => _feed.Results.Count == 1_000, "all results");

        var calls = _feed.Calls.Where(call => !call.StartsWith("result ", StringComparison.Ordinal)).ToList();

        Assert.InRange(calls.Count(call => call == "claim"), 1, 20);
        Assert.DoesNotContain("statuses", calls);
        Assert.DoesNotContain("find step", calls);
        Assert.Empty(Directory.GetFileSystemEntries(host.WorkRoot));
    }

    private async Task<StageOutcome> RunAsync(TaskEnvelope task)
    {
        await using var host = await AgentHostFixture.StartAsync(new NoopAgent(), _folder, _feed);
        _feed.Enqueue(task);
        return (await _feed.ResultOfAsync(task)).Outcome;
    }
}
