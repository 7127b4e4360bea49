using Stack.Contracts;
using Stack.Tests.Conformance.Feeds;
using Stack.Tests.Servers;

namespace Stack.Tests.Conformance;

/// <summary>
/// What <see cref="ITaskFeed"/> promises to agents, for every way of reaching the engine. What a receipt says beyond "you can forget it" is left to each, since a broker gives it before
/// the engine has seen the result.
/// </summary>
public abstract partial class TaskFeedConformance : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private FeedSystem? _system;

    private FeedSystem System => _system ?? throw new InvalidOperationException("The test has not begun.");

    /// <summary>Starts an engine, and what lies between it and its agents.</summary>
    protected abstract Task<FeedSystem> OpenAsync();

    public async Task InitializeAsync() => _system = await OpenAsync();

    public async Task DisposeAsync() => await System.DisposeAsync();

    [ServerFact]
    public async Task Claim_Submitted_GivesWhatTheStageNeeds()
    {
        var agent = await System.ConnectAsync();
        var id = await System.SubmitAsync(Priority.High, FeedSystem.Stage("build") with { With = JsonPayload.Parse("""{"n":1}"""), MaxIterations = 7 });
        var task = await agent.TakeAsync();
        Assert.Equal((new TaskId(id, "build", 1), System.AgentType, Priority.High, 7), (task.TaskId, task.AgentType, task.Priority, task.MaxIterations));
        Assert.Equal(("""{"n":1}""", "Do it.", "build"), (task.Payload!.ToString(), task.WorkflowContext.Requirements, task.WorkflowContext.CurrentStage));
        Assert.Contains("0af7651916cd43dd8448eb211c80319c", task.Traceparent, StringComparison.Ordinal);
        Assert.True(task.Deadline > DateTimeOffset.UtcNow.AddMinutes(4));
    }

    [ServerFact]
    public async Task Report_Completed_NextStageReadsTheOutput()
    {
        var agent = await System.ConnectAsync();
        var id = await System.SubmitAsync(FeedSystem.Stage("build"), FeedSystem.Stage("test", "build"));
        var build = await agent.TakeAsync();
        await agent.ReportAsync(build.TaskId, new StageOutcome.Completed { Output = JsonPayload.Parse("""{"built":true}""") });
        var test = await agent.TakeAsync();
        Assert.Equal(new TaskId(id, "test", 1), test.TaskId);
        Assert.Equal("""{"built":true}""", test.WorkflowContext.StageOutputs["build"].ToString());
        await agent.ReportAsync(test.TaskId);
        await System.WaitForAsync(id, WorkflowStatus.Completed);
    }

    [ServerFact]
    public async Task Report_Twice_CountsOnce()
    {
        var agent = await System.ConnectAsync();
        var id = await System.SubmitAsync(FeedSystem.Stage("build"), FeedSystem.Stage("test", "build"));
        var build = await agent.TakeAsync();
        await agent.Feed.ReportAsync([agent.Result(build.TaskId), agent.Result(build.TaskId, new StageOutcome.Failed { Error = Broken })], None);
        await agent.ReportAsync(build.TaskId, new StageOutcome.Failed { Error = Broken });
        var test = await agent.TakeAsync();
        await agent.ReportAsync(test.TaskId);
        await System.WaitForAsync(id, WorkflowStatus.Completed);
        Assert.Equal(["stage.completed", "stage.completed"], (await System.EventsAsync(id)).Select(happened => happened.Name).Where(name => name is "stage.completed" or "stage.failed" or "stage.retrying"));
    }

    [ServerFact]
    public async Task Report_OvertakenAttempt_ChangesNothing()
    {
        var agent = await System.ConnectAsync(slots: 2);
        var id = await System.SubmitAsync(FeedSystem.Stage("build") with { Retry = new RetryPolicy { InitialDelay = TimeSpan.FromMilliseconds(1) } });
        var first = await agent.TakeAsync();
        await agent.ReportAsync(first.TaskId, new StageOutcome.Failed { Error = Broken });
        var second = await agent.TakeAsync();
        Assert.Equal(2, second.TaskId.Attempt);
        Assert.Equal("broken", second.PreviousError?.Code);
        await agent.ReportAsync(first.TaskId);
        await agent.ReportAsync(second.TaskId, new StageOutcome.NeedsApproval { Prompt = "Go on?" });
        await Eventually.TrueAsync(async () => (await System.StageAsync(id, "build")).Status == StageStatus.AwaitingApproval, "The current attempt's result did not count.");
    }

    [ServerFact]
    public async Task Claim_NothingThere_IsEmptyInTime()
    {
        var agent = await System.ConnectAsync();
        var claim = agent.ClaimAsync(waitMs: 200);
        Assert.Same(claim, await Task.WhenAny(claim, Task.Delay(TimeSpan.FromSeconds(15))));
        Assert.Empty(await claim);
    }

    [ServerFact]
    public async Task Claim_UrgentComesLate_OvertakesTheBacklog()
    {
        var agent = await System.ConnectAsync();
        for (var i = 0; i < 5; i++)
        {
            await System.SubmitAsync(Priority.Low, FeedSystem.Stage("build"));
        }

        var first = await agent.TakeAsync();
        var urgent = await System.SubmitAsync(Priority.Critical, FeedSystem.Stage("build"));
        var medium = await System.SubmitAsync(Priority.Medium, FeedSystem.Stage("build"));
        var order = new List<WorkflowId>();
        for (var task = first; order.Count < 3; task = await agent.TakeAsync())
        {
            order.Add(task.TaskId.WorkflowId);
            await agent.ReportAsync(task.TaskId);
        }

        Assert.Equal([first.TaskId.WorkflowId, urgent, medium], order);
    }

    [ServerFact]
    public async Task Claim_SeveralAgents_EachTaskGoesToOne()
    {
        var agents = new[] { await System.ConnectAsync(slots: 4), await System.ConnectAsync(slots: 4), await System.ConnectAsync(slots: 4) };
        var ids = new List<WorkflowId>();
        for (var i = 0; i < 60; i++)
        {
            ids.Add(await System.SubmitAsync(FeedSystem.Stage("build")));
        }

        var taken = await Task.WhenAll(agents.Select(async agent =>
        {
            var mine = new List<TaskId>();
            for (var empty = 0; empty < 3;)
            {
                var tasks = await agent.ClaimAsync(waitMs: 300, most: 4);
                empty = tasks.Count == 0 ? empty + 1 : 0;
                mine.AddRange(tasks.Select(task => task.TaskId));
                await Task.WhenAll(tasks.Select(task => agent.Feed.StartAsync(task.TaskId, agent.Id, None)));
                if (tasks.Count > 0)
                {
                    await agent.Feed.ReportAsync([.. tasks.Select(task => agent.Result(task.TaskId))], None);
                }
            }

            return mine;
        }));
        Assert.Equal(ids.Order().ToList(), taken.SelectMany(mine => mine).Select(task => task.WorkflowId).Order().ToList());
        foreach (var id in ids)
        {
            await System.WaitForAsync(id, WorkflowStatus.Completed);
        }
    }

    private static StructuredError Broken => new() { Code = "broken", Message = "It broke.", Class = FailureClass.Productive, Retryable = true };
}
