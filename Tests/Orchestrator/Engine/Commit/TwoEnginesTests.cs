using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Commit;

/// <summary>Two orchestrators on one store: compare-and-set keeps them from harm.</summary>
public sealed class TwoEnginesTests
{
    [Fact]
    public async Task Report_OfTheSameAttemptToBoth_CountsOnce()
    {
        await using var one = await TestEngine.StartAsync();
        var id = await one.SubmitAsync(Flow.Stage("a"), Flow.Stage("b", "a"));
        await using var other = await TestEngine.StartAsync(one);
        var task = Assert.Single(await one.ClaimAsync()).TaskId;
        Assert.Equal(task, Assert.Single(await other.ClaimAsync("noop-2")).TaskId);
        var receipts = await Task.WhenAll(one.ReportAsync(task), other.ReportAsync(task, agent: "noop-2"));
        Assert.Equal([ReceiptStatus.Accepted, ReceiptStatus.Duplicate], receipts.Select(receipt => receipt.Status).Order());
        Assert.Single(await one.EventsAsync(id), name => name == "stage.completed");
        var next = (await one.ClaimAsync()).Concat(await other.ClaimAsync("noop-2"));
        Assert.Equal(new TaskId(id, "b", 1), Assert.Single(next).TaskId);
    }

    [Fact]
    public async Task Inputs_ToBothAtOnce_AllCount_AndNothingSucceedsTwice()
    {
        const int Workflows = 20;
        await using var one = await TestEngine.StartAsync();
        var ids = new List<WorkflowId>();
        for (var i = 0; i < Workflows; i++)
        {
            ids.Add(await one.SubmitAsync(Flow.Stage("a"), Flow.Stage("b"), Flow.Stage("c", "a", "b"), Flow.Stage("d", "c")));
            one.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        await using var other = await TestEngine.StartAsync(one);
        TestEngine[] engines = [one, other];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => WorkAsync(engines, worker)).Concat(ids.Select((id, index) => DisturbAsync(engines[index % 2], id))));
        foreach (var id in ids)
        {
            var state = await one.StateAsync(id);
            Assert.Equal(WorkflowStatus.Completed, state.Status);
            var completed = (await one.Memory.ReadEventsAsync(id, 0, 1000, CancellationToken.None)).Where(happened => happened.Name == "stage.completed").Select(happened => happened.Stage);
            Assert.Equal(["a", "b", "c", "d"], completed.Order());
        }
    }

    [Fact]
    public async Task Cancel_ThroughTheOther_MakesResultsStale()
    {
        await using var one = await TestEngine.StartAsync();
        var id = await one.SubmitAsync(Flow.Stage("a"));
        var task = Assert.Single(await one.ClaimAsync()).TaskId;
        await using var other = await TestEngine.StartAsync(one);
        Assert.IsType<CommandOutcome.Applied>(await other.Engine.CancelAsync(id, "ann", null, CancellationToken.None));
        Assert.Equal((ReceiptStatus.Stale, "The workflow is canceled."), await ReceiptAsync(one.ReportAsync(task)));

        // The conflict showed this engine what it had missed.
        Assert.Equal("canceled", Assert.Single((await one.HeartbeatAsync(0, task)).Cancels).Reason);
    }

    [Fact]
    public async Task Conflict_WithoutEnd_IsToldToTheCaller()
    {
        await using var one = await TestEngine.StartAsync();
        var id = await one.SubmitAsync(Flow.Stage("a"), Flow.Stage("b"));
        await using var other = await TestEngine.StartAsync(one);
        var paused = false;
        one.Store.BeforeCommit = async _ =>
        {
            paused = !paused;
            await (paused ? other.Engine.PauseAsync(id, null, null, CancellationToken.None) : other.Engine.ResumeAsync(id, null, CancellationToken.None));
        };
        var task = (await one.ClaimAsync())[0].TaskId;
        var failed = await Assert.ThrowsAsync<StoreUnavailableException>(() => one.ReportAsync(task));
        Assert.Contains("changed 8 times", failed.Message, StringComparison.Ordinal);
        one.Store.ComeBack();
        Assert.Equal(ReceiptStatus.Accepted, (await one.ReportAsync(task)).Status);
    }

    private static async Task<(ReceiptStatus, string?)> ReceiptAsync(Task<ResultReceipt> report) => (await report) is var receipt ? (receipt.Status, receipt.Reason) : default;

    // An agent with bad habits: it claims here and reports there, and sometimes twice.
    private static async Task WorkAsync(TestEngine[] engines, int worker)
    {
        var random = new Random(worker);
        var agent = $"noop-{worker}";
        for (var idle = 0; idle < 200;)
        {
            var tasks = await engines[random.Next(2)].ClaimAsync(agent, most: 3);
            idle = tasks.Count == 0 ? idle + 1 : 0;
            foreach (var task in tasks)
            {
                await engines[random.Next(2)].ReportAsync(task.TaskId, agent: agent);
                await engines[random.Next(2)].ReportAsync(task.TaskId, agent: agent);
            }

            await Task.Yield();
            if (tasks.Count == 0)
            {
                await Task.Delay(2);
            }
        }
    }

    private static async Task DisturbAsync(TestEngine engine, WorkflowId id)
    {
        await engine.Engine.PauseAsync(id, "ann", null, CancellationToken.None);
        await Task.Yield();
        await engine.Engine.ResumeAsync(id, "ann", CancellationToken.None);
    }
}
