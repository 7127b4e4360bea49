using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Loops;

public sealed class AttemptReleaserTests
{
    [Fact]
    public async Task Loop_ManyTimes_EachIsOfferedWhenItComes()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RunAsync<AttemptReleaser>();
        foreach (var seconds in new[] { 30, 10, 20 })
        {
            var id = await engine.SubmitAsync(Flow.Stage("a"));
            await engine.ReportAsync(new TaskId(id, "a", 1), new StageOutcome.Snoozed { DelayMs = seconds * 1000 });
        }

        for (var taken = 1; taken <= 3; taken++)
        {
            Assert.Empty(await engine.ClaimAsync());
            var claim = engine.ClaimAsync(waitMs: 60_000);
            await AdvanceUntilAsync(engine, claim, TimeSpan.FromSeconds(10));
            Assert.Single(await claim);
        }
    }

    [Fact]
    public async Task Loop_AnEarlierTimeComesLater_IsNotMissed()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RunAsync<AttemptReleaser>();
        var (late, soon) = (await engine.SubmitAsync(Flow.Stage("a")), await engine.SubmitAsync(Flow.Stage("a")));
        await engine.ReportAsync(new TaskId(late, "a", 1), new StageOutcome.Snoozed { DelayMs = 10L * 24 * 3600 * 1000 });
        await engine.ReportAsync(new TaskId(soon, "a", 1), new StageOutcome.Snoozed { DelayMs = 1000 });
        var claim = engine.ClaimAsync(waitMs: 60_000);
        await AdvanceUntilAsync(engine, claim, TimeSpan.FromSeconds(1));
        Assert.Equal(soon, Assert.Single(await claim).TaskId.WorkflowId);
    }

    [Fact]
    public async Task Stop_WhileItWaits_EndsAtOnce()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RunAsync<AttemptReleaser>();
        var id = await engine.SubmitAsync(Flow.Stage("a"));
        await engine.ReportAsync(new TaskId(id, "a", 1), new StageOutcome.Snoozed { DelayMs = 3_600_000 });
        await engine.StopAsync().WaitAsync(TimeSpan.FromSeconds(10));
    }

    // The loop hears of a delay and sets its timer on its own thread: the clock moves in steps until it did.
    private static async Task AdvanceUntilAsync(TestEngine engine, Task task, TimeSpan by)
    {
        var until = engine.Time.GetUtcNow() + by;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!task.IsCompleted)
        {
            if (engine.Time.GetUtcNow() < until)
            {
                engine.Time.Advance(by / 10);
            }

            await Task.Delay(5, patience.Token);
        }
    }
}
