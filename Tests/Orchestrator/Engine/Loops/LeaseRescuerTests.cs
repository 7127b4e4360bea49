using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Loops;

public sealed class LeaseRescuerTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task RunOnce_LeaseExpired_StageIsClaimableAgain_AndTheAgentIsToldToStop()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RegisterAsync();
        var id = await engine.SubmitAsync(Flow.Stage("a"));
        var task = Assert.Single(await engine.ClaimAsync()).TaskId;
        await engine.FlushAsync();
        engine.Time.Advance(TimeSpan.FromSeconds(14));
        Assert.Equal(0, await RescueAsync(engine));
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await RescueAsync(engine));
        Assert.Equal(0, await RescueAsync(engine));
        Assert.Equal(new TaskId(id, "a", 2), Assert.Single(await engine.ClaimAsync("noop-2")).TaskId);
        Assert.Equal((AttemptStatus.Lost, "lost"), ((await engine.AttemptAsync(task)).Attempt.Status, Assert.Single((await engine.HeartbeatAsync(0, task)).Cancels).Reason));
        Assert.Equal(ReceiptStatus.Stale, (await engine.ReportAsync(task)).Status);
    }

    [Fact]
    public async Task RunOnce_DeadlinePassed_CountsAsAFailure_HoweverAliveTheAgentIs()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RegisterAsync();
        var id = await engine.SubmitAsync(Flow.Stage("a") with { Timeout = TimeSpan.FromSeconds(12) });
        var task = Assert.Single(await engine.ClaimAsync()).TaskId;
        await engine.FlushAsync();
        engine.Time.Advance(TimeSpan.FromSeconds(10));
        await engine.HeartbeatAsync(0, task);
        await engine.FlushAsync();
        engine.Time.Advance(TimeSpan.FromSeconds(2));

        // A renewal that is not written yet keeps no attempt alive that is late.
        await engine.HeartbeatAsync(0, task);
        Assert.Equal(1, await RescueAsync(engine));
        var stage = (await engine.StateAsync(id)).Find("a")!;
        Assert.Equal((2, 1, "attempt_timeout"), (stage.Attempt, stage.Failures, stage.Error!.Code));
    }

    [Fact]
    public async Task RunOnce_RenewalOnItsWay_KeepsTheAttemptAlive()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RegisterAsync();
        await engine.SubmitAsync(Flow.Stage("a"));
        var task = Assert.Single(await engine.ClaimAsync()).TaskId;
        await engine.FlushAsync();
        engine.Time.Advance(TimeSpan.FromSeconds(15));
        var (gate, entered) = (new TaskCompletionSource(), new TaskCompletionSource());
        engine.Store.BeforeCommit = _ =>
        {
            entered.TrySetResult();
            return gate.Task;
        };
        await engine.HeartbeatAsync(0, task);
        Assert.Equal(0, await RescueAsync(engine));
        engine.Time.Advance(TimeSpan.FromMilliseconds(50));
        await entered.Task;
        Assert.Equal(0, await RescueAsync(engine));
        gate.SetResult();
        await engine.SettleAsync();
        Assert.Equal(0, await RescueAsync(engine));
        Assert.Equal(AttemptStatus.Running, (await engine.AttemptAsync(task)).Attempt.Status);
    }

    [Fact]
    public async Task RunOnce_ManyAtOnce_AreOneTransaction()
    {
        await using var engine = await TestEngine.StartAsync();
        for (var i = 0; i < 100; i++)
        {
            await engine.SubmitAsync(Flow.Stage("a"));
        }

        Assert.Equal(100, (await engine.ClaimAsync(most: 100)).Count);
        await engine.FlushAsync();
        engine.Time.Advance(TimeSpan.FromSeconds(15));
        var before = engine.Store.Batches.Count;
        Assert.Equal(100, await RescueAsync(engine));
        Assert.InRange(engine.Store.Batches.Count - before, 1, 10);
    }

    [Fact]
    public async Task RunOnce_HoldersWhoTalkToAnotherOrchestrator_AreForgotten()
    {
        await using var one = await TestEngine.StartAsync();
        await one.SubmitAsync(Flow.Stage("a"));
        await using var other = await TestEngine.StartAsync(one);
        var task = Assert.Single(await one.ClaimAsync()).TaskId;
        await other.ReportAsync(task);
        Assert.Equal(1, one.Get<AttemptHolders>().Count);
        one.Time.Advance(TimeSpan.FromSeconds(31));
        await RescueAsync(one);
        Assert.Equal(0, one.Get<AttemptHolders>().Count);
    }

    [Fact]
    public async Task Loop_TheMachineSlept_AgentsGetTheTimeForAHeartbeat()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RegisterAsync();
        await engine.SubmitAsync(Flow.Stage("a") with { Timeout = TimeSpan.FromHours(3) });
        var task = Assert.Single(await engine.ClaimAsync()).TaskId;
        await engine.FlushAsync();
        await engine.RunAsync<LeaseRescuer>();
        await EventuallyAsync(() => engine.Time.Waiting > 0);
        engine.Time.Jump(TimeSpan.FromHours(1));
        await EventuallyAsync(async () => (await engine.AttemptAsync(task)).Attempt.LeaseExpiresAt > engine.Time.GetUtcNow());
        Assert.Empty((await engine.HeartbeatAsync(0, task)).Cancels);
        Assert.Equal((AttemptStatus.Running, 1), await engine.AttemptAsync(task) is var attempt ? (attempt.Attempt.Status, attempt.Attempt.TaskId.Attempt) : default);
    }

    [Fact]
    public async Task Loop_TheClockIsSetBack_WhatADeadAgentHeldIsTakenAfterOneLease()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.SubmitAsync(Flow.Stage("a") with { Timeout = TimeSpan.FromHours(3) });
        var task = Assert.Single(await engine.ClaimAsync()).TaskId;
        await engine.FlushAsync();
        await engine.RunAsync<LeaseRescuer>();
        await EventuallyAsync(() => engine.Time.Waiting > 0);
        engine.Time.Shift(-TimeSpan.FromHours(1));
        var seconds = 0;
        await EventuallyAsync(async () =>
        {
            seconds++;
            engine.Time.Advance(TimeSpan.FromSeconds(1));
            return (await engine.AttemptAsync(task)).Attempt.Status is AttemptStatus.Lost;
        });
        Assert.InRange(seconds, 15, 1800);
    }

    [Fact]
    public async Task Loop_APassThatFails_IsFollowedByTheNext()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.SubmitAsync(Flow.Stage("a"));
        var task = Assert.Single(await engine.ClaimAsync()).TaskId;
        await engine.FlushAsync();
        var failures = 0;
        engine.Store.BeforeList = () => ++failures switch
        {
            1 => throw new StoreUnavailableException("The database is away."),
            2 => throw new OperationCanceledException("The driver gave up."),
            3 => throw new InvalidOperationException("A defect."),
            _ => Task.CompletedTask,
        };
        await engine.RunAsync<LeaseRescuer>();
        await EventuallyAsync(async () =>
        {
            engine.Time.Advance(TimeSpan.FromSeconds(1));
            return (await engine.AttemptAsync(task)).Attempt.Status is AttemptStatus.Lost;
        });
        Assert.True(failures > 3);
    }

    private static Task<int> RescueAsync(TestEngine engine) => engine.Get<LeaseRescuer>().RunOnceAsync(None);

    private static Task EventuallyAsync(Func<bool> condition) => EventuallyAsync(() => Task.FromResult(condition()));

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await condition())
        {
            await Task.Delay(5, patience.Token);
        }
    }
}
