using Stack.Contracts;
using Stack.Tests.Conformance.Feeds;
using Stack.Tests.Servers;

namespace Stack.Tests.Conformance;

/// <content>What stops, is given back, and is told on the way.</content>
public abstract partial class TaskFeedConformance
{
    [ServerFact]
    public async Task Cancel_UnderWay_ReachesTheAgentAtOnce()
    {
        var agent = await System.ConnectAsync();
        var id = await System.SubmitAsync(FeedSystem.Stage("build"));
        var task = await agent.TakeAsync();
        await agent.HeartbeatAsync(waitMs: 0, task.TaskId);
        var waiting = agent.HeartbeatAsync(waitMs: 30_000, task.TaskId);
        await System.Engine.CancelAsync(id, "ann", null, None);
        Assert.Same(waiting, await Task.WhenAny(waiting, Task.Delay(TimeSpan.FromSeconds(10))));
        Assert.Contains((await waiting).Cancels, cancel => cancel.TaskId == task.TaskId);
        await agent.ReportAsync(task.TaskId);
        Assert.Equal(WorkflowStatus.Canceled, (await System.StateAsync(id)).Status);
    }

    [ServerFact]
    public async Task Cancel_StillWaiting_IsNotBegun()
    {
        var agent = await System.ConnectAsync();
        var first = await System.SubmitAsync(FeedSystem.Stage("build"));
        var second = await System.SubmitAsync(FeedSystem.Stage("build"));
        var task = await agent.TakeAsync();
        var other = task.TaskId.WorkflowId == first ? second : first;
        await System.Engine.CancelAsync(other, "ann", null, None);
        await agent.ReportAsync(task.TaskId);
        await agent.TakeNothingAsync();
        Assert.Equal(WorkflowStatus.Canceled, (await System.StateAsync(other)).Status);
    }

    [ServerFact]
    public async Task Deregister_UnderWay_AnotherAgentGetsTheNextAttempt()
    {
        var leaving = await System.ConnectAsync();
        var id = await System.SubmitAsync(FeedSystem.Stage("build"));
        var task = await leaving.TakeAsync();
        await leaving.HeartbeatAsync(waitMs: 0, task.TaskId);
        await leaving.Feed.DeregisterAsync(leaving.Id, None);
        var staying = await System.ConnectAsync();
        var again = await staying.TakeAsync();
        Assert.Equal(new TaskId(id, "build", 2), again.TaskId);
        Assert.Equal(0, again.RetryCount);
        await staying.ReportAsync(again.TaskId);
        await System.WaitForAsync(id, WorkflowStatus.Completed);
    }

    [ServerFact]
    public async Task HandBack_UnderWay_CostsNothing()
    {
        var agent = await System.ConnectAsync();
        var id = await System.SubmitAsync(FeedSystem.Stage("build"));
        var task = await agent.TakeAsync();
        await agent.ReportAsync(task.TaskId, new StageOutcome.Canceled { Reason = "I must go." });
        var again = await agent.TakeAsync();
        Assert.Equal((new TaskId(id, "build", 2), 0), (again.TaskId, again.RetryCount));
    }

    [ServerFact]
    public async Task Status_BeforeTheResult_IsInTheLogBeforeIt()
    {
        var agent = await System.ConnectAsync();
        var id = await System.SubmitAsync(FeedSystem.Stage("build"));
        var task = await agent.TakeAsync();
        var status = new StatusEnvelope { TaskId = task.TaskId, AgentId = agent.Id, At = DateTimeOffset.UtcNow };
        await agent.Feed.ReportStatusAsync([status with { Message = "Halfway.", ProgressPercent = 50 }, status with { Log = ["one", "two"] }], None);
        await agent.ReportAsync(task.TaskId);
        await System.WaitForAsync(id, WorkflowStatus.Completed);
        await Eventually.TrueAsync(async () => (await System.EventsAsync(id)).Any(happened => happened.Name == "stage.log"), "The log lines did not arrive.");
        var events = await System.EventsAsync(id);
        Assert.Contains("two", events.Single(happened => happened.Name == "stage.log").Data.ToString(), StringComparison.Ordinal);
        Assert.Contains("Halfway.", events.Single(happened => happened.Name == "stage.progress").Data.ToString(), StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Start_AfterTheEnd_IsFalse()
    {
        var agent = await System.ConnectAsync();
        var id = await System.SubmitAsync(FeedSystem.Stage("build"));
        var task = await agent.TakeAsync();
        Assert.True(await agent.Feed.StartAsync(task.TaskId, agent.Id, None));
        await agent.ReportAsync(task.TaskId);
        await System.WaitForAsync(id, WorkflowStatus.Completed);
        Assert.False(await agent.Feed.StartAsync(task.TaskId, agent.Id, None));
    }

    [ServerFact]
    public async Task Steps_Journaled_FirstWriterWins()
    {
        var agent = await System.ConnectAsync();
        var id = await System.SubmitAsync(FeedSystem.Stage("build"));
        var task = await agent.TakeAsync();
        var key = new StepKey(id, "build", "ask", new string('a', 64));
        Assert.Null(await agent.Feed.FindStepAsync(key, None));
        Assert.Equal("1", (await agent.Feed.RecordStepAsync(task.TaskId, key, JsonPayload.Parse("1"), None))?.ToString());
        Assert.Equal("1", (await agent.Feed.RecordStepAsync(task.TaskId, key, JsonPayload.Parse("2"), None))?.ToString());
        Assert.Equal("1", (await agent.Feed.FindStepAsync(key, None))?.ToString());
        Assert.Null(await agent.Feed.RecordStepAsync(task.TaskId with { Attempt = 2 }, key with { Name = "other" }, JsonPayload.Parse("3"), None));
    }

    [ServerFact]
    public async Task Heartbeat_Unknown_MustRegister()
    {
        var agent = await System.ConnectAsync();
        Assert.True((await agent.HeartbeatAsync(waitMs: 0)).Known);
        await agent.Feed.DeregisterAsync(agent.Id, None);
        Assert.False((await agent.HeartbeatAsync(waitMs: 0)).Known);
    }
}
