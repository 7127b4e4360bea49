using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Cluster;

/// <summary>A backlog that is longer than memory may be.</summary>
public sealed class BacklogTests
{
    private const int Capacity = 8;
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Backlog_LongerThanTheCapacity_WaitsInTheStore_AndIsDoneInOrder()
    {
        await using var engine = await TestEngine.StartAsync(configure: options => options.ReadyCapacity = Capacity);
        await engine.RunAsync<ParkedTaker>();
        var submitted = new List<WorkflowId>();
        for (var i = 0; i < 50; i++)
        {
            submitted.Add(await engine.SubmitAsync(Flow.Stage("a")));
            engine.Time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True(engine.Get<ReadyQueue>().DepthOf("noop") <= Capacity);
        }

        var done = new List<WorkflowId>();
        while (done.Count < submitted.Count)
        {
            foreach (var task in await engine.ClaimAsync(most: 3, waitMs: 30_000).WaitAsync(TimeSpan.FromSeconds(10)))
            {
                done.Add(task.TaskId.WorkflowId);
                await engine.ReportAsync(task.TaskId);
            }
        }

        Assert.Equal(submitted, done);
    }

    [Fact]
    public async Task Backlog_AnUrgentOne_IsNotHeldUpByIt()
    {
        await using var engine = await TestEngine.StartAsync(configure: options => options.ReadyCapacity = Capacity);
        for (var i = 0; i < 3 * Capacity; i++)
        {
            await engine.SubmitAsync(Flow.Stage("a"));
        }

        var urgent = Assert.IsType<SubmitOutcome.Accepted>(
            await engine.TrySubmitAsync(submission => submission with { Header = submission.Header with { Priority = Priority.Critical } }, Flow.Stage("a"))).Workflow.Header.Id;
        Assert.Equal(urgent, Assert.Single(await engine.ClaimAsync()).TaskId.WorkflowId);
    }

    [Fact]
    public async Task Backlog_OfAProcessThatEnded_IsTakenUpInPages()
    {
        await using var first = await TestEngine.StartAsync();
        for (var i = 0; i < 30; i++)
        {
            await first.SubmitAsync(Flow.Stage("a"));
        }

        await first.StopAsync();
        await using var engine = await TestEngine.StartAsync(first, options => options.ReadyCapacity = Capacity);
        Assert.Equal(Capacity / 2, engine.Get<ReadyQueue>().DepthOf("noop"));
        await engine.RunAsync<ParkedTaker>();
        var done = 0;
        while (done < 30)
        {
            done += (await engine.ClaimAsync(most: 5, waitMs: 30_000).WaitAsync(TimeSpan.FromSeconds(10))).Count;
        }
    }

    [Fact]
    public async Task Backlog_CanceledWhileItWaits_IsNotTaken()
    {
        await using var engine = await TestEngine.StartAsync(configure: options => options.ReadyCapacity = 1);
        await engine.SubmitAsync(Flow.Stage("a"));
        var parked = await engine.SubmitAsync(Flow.Stage("a"));
        await engine.Engine.CancelAsync(parked, null, null, None);
        Assert.Single(await engine.ClaimAsync(most: 10));
        Assert.Equal(0, await engine.Get<ParkedTaker>().RunOnceAsync(None));
        Assert.Empty(await engine.ClaimAsync(most: 10));
    }
}
