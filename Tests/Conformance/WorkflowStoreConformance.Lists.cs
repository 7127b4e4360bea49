using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;
using static Stack.Tests.Conformance.Writes;

namespace Stack.Tests.Conformance;

public abstract partial class WorkflowStoreConformance
{
    [ServerFact]
    public async Task List_NoFilter_GivesTheNewestFirst()
    {
        var ids = await SubmitManyAsync(5);
        Assert.Equal(ids.Reverse(), Ids(await Store.ListAsync(new WorkflowQuery(), CancellationToken.None)));
        Assert.Equal(ids.Reverse().Take(2), Ids(await Store.ListAsync(new WorkflowQuery { Limit = 2 }, CancellationToken.None)));
    }

    /// <summary>Every combination of filters, walked page by page, gives what filtering all workflows by hand gives.</summary>
    [ServerFact]
    public async Task List_AnyFilters_GivesWhatFitsInPages()
    {
        var all = new List<StoredWorkflow>();
        for (var i = 0; i < 60; i++)
        {
            var write = Submit(NextId(), type: i % 3 == 0 ? "bugfix" : "app", priority: (Priority)(i % 4), definition: i % 5 == 0 ? "other" : "app");
            write = i % 2 == 0 ? write : write.Ended(i % 7 == 0 ? WorkflowStatus.Failed : WorkflowStatus.Completed);
            await Store.CommitAsync(write);
            all.Insert(0, new StoredWorkflow(write.Header!, write.State, write.DisplayState, write.CurrentStage, write.Progress));
        }

        foreach (var query in FilterCombinations())
        {
            var expected = all.Where(workflow =>
                (query.Status is null || workflow.State.Status == query.Status) && (query.Type is null || workflow.Header.Type == query.Type)
                && (query.Priority is null || workflow.Header.Priority == query.Priority) && (query.Definition is null || workflow.Header.DefinitionName == query.Definition));
            Assert.Equal(Ids(expected), await WalkAsync(query));
        }
    }

    [ServerFact]
    public async Task List_StatusChanged_FindsItUnderTheNewOneOnly()
    {
        var write = Submit(NextId());
        await Store.CommitAsync(write);
        await Store.CommitAsync(write.Then().Ended(WorkflowStatus.Canceled));
        Assert.Empty(await Store.ListAsync(new WorkflowQuery { Status = WorkflowStatus.Running }, CancellationToken.None));
        Assert.Equal([write.State.Id], Ids(await Store.ListAsync(new WorkflowQuery { Status = WorkflowStatus.Canceled }, CancellationToken.None)));
    }

    [ServerFact]
    public async Task ListAttempts_AnyFilters_GivesWhatFitsNewestFirstInPages()
    {
        var all = new List<(TaskId Id, AttemptStatus Status, string AgentType)>();
        for (var i = 0; i < 12; i++)
        {
            var id = NextId();
            AttemptStatus[] statuses = [AttemptStatus.Lost, i % 2 == 0 ? AttemptStatus.Completed : AttemptStatus.Failed, i % 3 == 0 ? AttemptStatus.Running : AttemptStatus.Pending];
            var agentType = i % 4 == 0 ? "tester" : "builder";
            await Store.CommitAsync(Submit(id) with
            {
                NewAttempts = [.. Enumerable.Range(1, 3).Select(attempt => Begin("build", attempt, agentType))],
                EndedAttempts = [End("build", 1, statuses[0]), End("build", 2, statuses[1])],
            });
            if (statuses[2] is AttemptStatus.Running)
            {
                await Store.CommitAsync(Lease(id, "builder-1", attempt: 3));
            }

            all.InsertRange(0, Enumerable.Range(0, 3).Reverse().Select(attempt => (new TaskId(id, "build", attempt + 1), statuses[attempt], agentType)));
        }

        WorkflowId?[] workflows = [null, all[0].Id.WorkflowId, NextId()];
        AttemptStatus?[] wanted = [null, .. Enum.GetValues<AttemptStatus>()];
        foreach (var (workflow, status, agentType) in from workflow in workflows from status in wanted from agentType in (string?[])[null, "tester", "nobody"] select (workflow, status, agentType))
        {
            var expected = all.Where(attempt =>
                (workflow is null || attempt.Id.WorkflowId == workflow) && (status is null || attempt.Status == status) && (agentType is null || attempt.AgentType == agentType));
            Assert.Equal(expected.Select(attempt => attempt.Id), await WalkAsync(new AttemptQuery { WorkflowId = workflow, Status = status, AgentType = agentType, Limit = 5 }));
        }
    }

    [ServerFact]
    public async Task ListActiveAttempts_PageByPage_GivesAllThatAreNotOverInOrder()
    {
        var ids = await SubmitManyAsync(7);
        await Store.CommitAsync(Lease(ids[1], "builder-1"), Dispatched(ids[2]));
        await Store.CommitAsync((await NextOfAsync(ids[3])) with { EndedAttempts = [End("build", 1)], NewAttempts = [Begin("test", 1), Begin("test", 2)] });
        var expected = ids.SelectMany(id => id == ids[3] ? [new TaskId(id, "test", 1), new TaskId(id, "test", 2)] : new[] { new TaskId(id, "build", 1) });

        var found = new List<ActiveAttempt>();
        for (var page = await Store.ListActiveAttemptsAsync(null, 3, CancellationToken.None); page.Count > 0; page = await Store.ListActiveAttemptsAsync(found[^1].TaskId, 3, CancellationToken.None))
        {
            found.AddRange(page);
        }

        Assert.Equal(expected, found.Select(attempt => attempt.TaskId));
        Assert.Equal([AttemptStatus.Pending, AttemptStatus.Running, AttemptStatus.Dispatched], found.Take(3).Select(attempt => attempt.Status));
    }

    [ServerFact]
    public async Task ListOverdueAttempts_LeaseOrDeadlinePassed_GivesTheLongestOverdueFirst()
    {
        var ids = await SubmitManyAsync(6);
        await Store.CommitAsync(
            Lease(ids[0], "a", seconds: 30),
            Lease(ids[1], "a", seconds: 10),
            Lease(ids[2], "a", seconds: 600) with { Deadline = Now.AddSeconds(20) },
            Lease(ids[3], "a", seconds: 61),
            Lease(ids[4], "a", seconds: 60) with { Deadline = null },
            Dispatched(ids[5]));
        var overdue = await Store.ListOverdueAttemptsAsync(Now.AddSeconds(60), 10, CancellationToken.None);
        Assert.Equal([ids[1], ids[2], ids[0], ids[4]], overdue.Select(attempt => attempt.TaskId.WorkflowId));
        Assert.Equal([ids[1], ids[2]], (await Store.ListOverdueAttemptsAsync(Now.AddSeconds(60), 2, CancellationToken.None)).Select(attempt => attempt.TaskId.WorkflowId));
    }

    [ServerFact]
    public async Task RestartLeases_RunningAttempts_LastUntilThen()
    {
        var ids = await SubmitManyAsync(3);
        await Store.CommitAsync(Lease(ids[0], "a", seconds: 30), Lease(ids[1], "a", seconds: 90), Dispatched(ids[2]));
        Assert.Equal(2, await Store.RestartLeasesAsync(Now.AddSeconds(60), CancellationToken.None));
        Assert.Equal(Now.AddSeconds(60), (await Store.AttemptAsync(ids[0])).Attempt.LeaseExpiresAt);
        Assert.Equal(Now.AddSeconds(60), (await Store.AttemptAsync(ids[1])).Attempt.LeaseExpiresAt);
        Assert.Equal(0, await Store.RestartLeasesAsync(Now.AddSeconds(60), CancellationToken.None));
        Assert.Null((await Store.AttemptAsync(ids[2])).Attempt.LeaseExpiresAt);
    }

    [ServerFact]
    public async Task ListDueTimers_TimeHasCome_GivesTheWorkflowUntilItEnds()
    {
        var (soon, later, never) = (Submit(NextId()), Submit(NextId()), Submit(NextId()));
        soon = soon with { State = soon.State with { DeadlineAt = Now.AddSeconds(10) } };
        later = later with { State = later.State with { DeadlineAt = Now.AddSeconds(20) } };
        await Store.CommitAsync(later, soon, never);
        Assert.Empty(await Store.ListDueTimersAsync(Now.AddSeconds(9), 10, CancellationToken.None));
        Assert.Equal([soon.State.Id], await Store.ListDueTimersAsync(Now.AddSeconds(10), 10, CancellationToken.None));
        Assert.Equal([soon.State.Id, later.State.Id], await Store.ListDueTimersAsync(Now.AddSeconds(99), 10, CancellationToken.None));
        Assert.Equal([soon.State.Id], await Store.ListDueTimersAsync(Now.AddSeconds(99), 1, CancellationToken.None));
        await Store.CommitAsync(soon.Then().Ended(WorkflowStatus.Exhausted));
        Assert.Equal([later.State.Id], await Store.ListDueTimersAsync(Now.AddSeconds(99), 10, CancellationToken.None));
    }

    [ServerFact]
    public async Task Count_ByStatusAndAgentType_IsWhatIsThere()
    {
        var ids = await SubmitManyAsync(4);
        await Store.CommitAsync(Lease(ids[0], "a"), Dispatched(ids[1]));
        await Store.CommitAsync((await NextOfAsync(ids[3])).Ended(WorkflowStatus.Failed) with { EndedAttempts = [End("build", 1, AttemptStatus.Failed)] });
        var counts = await Store.CountAsync(CancellationToken.None);
        Assert.Equal(new Dictionary<WorkflowStatus, long> { [WorkflowStatus.Running] = 3, [WorkflowStatus.Failed] = 1 }, counts.Workflows);
        Assert.Equal(
            new Dictionary<(string, AttemptStatus), long> { [("builder", AttemptStatus.Running)] = 1, [("builder", AttemptStatus.Dispatched)] = 1, [("builder", AttemptStatus.Pending)] = 1 },
            counts.Attempts);
    }

    private static IEnumerable<WorkflowQuery> FilterCombinations() =>
        from status in (WorkflowStatus?[])[null, WorkflowStatus.Running, WorkflowStatus.Failed, WorkflowStatus.Waiting]
        from type in (string?[])[null, "bugfix", "app", "none"]
        from priority in (Priority?[])[null, Priority.Low, Priority.Critical]
        from definition in (string?[])[null, "other"]
        select new WorkflowQuery { Status = status, Type = type, Priority = priority, Definition = definition, Limit = 7 };

    private static IEnumerable<WorkflowId> Ids(IEnumerable<StoredWorkflow> workflows) => workflows.Select(workflow => workflow.Header.Id);

    private async Task<List<WorkflowId>> WalkAsync(WorkflowQuery query)
    {
        var found = new List<WorkflowId>();
        for (var page = await Store.ListAsync(query, CancellationToken.None); page.Count > 0; page = await Store.ListAsync(query with { Before = found[^1] }, CancellationToken.None))
        {
            Assert.True(page.Count <= query.Limit);
            found.AddRange(Ids(page));
        }

        return found;
    }

    private async Task<List<TaskId>> WalkAsync(AttemptQuery query)
    {
        var found = new List<TaskId>();
        for (var page = await Store.ListAttemptsAsync(query, CancellationToken.None); page.Count > 0; page = await Store.ListAttemptsAsync(query with { Before = found[^1] }, CancellationToken.None))
        {
            Assert.True(page.Count <= query.Limit);
            found.AddRange(page.Select(attempt => attempt.Attempt.TaskId));
        }

        return found;
    }

    private async Task<WorkflowId[]> SubmitManyAsync(int count)
    {
        WorkflowId[] ids = [.. Enumerable.Range(0, count).Select(_ => NextId())];
        await Store.CommitAsync([.. ids.Select(id => Submit(id))]);
        return ids;
    }

    private async Task<WorkflowWrite> NextOfAsync(WorkflowId id)
    {
        var stored = await Store.LoadOneAsync(id);
        return (Submit(id) with { State = stored.State }).Then();
    }
}
