using Stack.Engine;
using Microsoft.Extensions.DependencyInjection;
using System.Diagnostics;
using System.Net;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api;

[Collection(OrchestratorCollection.Name)]
public sealed class WorkflowEventsApiTests(OrchestratorFixture fixture)
{
    private OrchestratorHost Host => fixture.Host;

    [Fact]
    public async Task Read_InPages_GivesEveryEventOnceInOrder()
    {
        var workflow = await RunAsync(stages: 3);
        var all = await PageAsync(workflow, 0, 1000);
        var seen = new List<long>();
        for (long after = 0; await PageAsync(workflow, after, 2) is { Events.Count: > 0 } page; after = page.LastEventId)
        {
            Assert.True(page.Events.Count <= 2);
            seen.AddRange(page.Events.Select(happened => happened.Id));
        }

        Assert.Equal(all.Events.Select(happened => happened.Id), seen);
        Assert.Equal(seen.Order(), seen);
        Assert.Equal(("workflow.submitted", "workflow.completed"), (all.Events[0].Type, all.Events[^1].Type));
    }

    [Fact]
    public async Task Follow_ReconnectedAfterEveryFewEvents_HasNoGapAndNoDuplicate()
    {
        var definition = await Host.DefineAsync(20);
        var workflow = await Host.SubmitAsync(definition);
        var path = $"/api/v1/workflows/{workflow.Id}/events";
        var work = CompleteAllAsync(definition, 20);
        var random = new Random(7);
        var seen = new List<EventResource>();
        while (seen.Count == 0 || seen[^1].Type != "workflow.completed")
        {
            await using var stream = await SseReader.OpenAsync(Host.Client, path, seen.Count == 0 ? null : seen[^1].Id);
            for (var left = random.Next(1, 6); left > 0 && await stream.NextAsync() is { } happened; left--)
            {
                seen.Add(happened);
            }
        }

        await work;
        var all = await PageAsync(workflow.Id, 0, 1000);
        Assert.Equal(all.Events.Select(happened => (happened.Id, happened.Type)), seen.Select(happened => (happened.Id, happened.Type)));
    }

    [Fact]
    public async Task Follow_EndedWorkflow_EndsAfterTheLastEventAndAtOnceFromThere()
    {
        var workflow = await RunAsync(stages: 1);
        var path = $"/api/v1/workflows/{workflow}/events";
        await using var stream = await SseReader.OpenAsync(Host.Client, path);
        var all = await stream.RestAsync();
        Assert.Equal("workflow.completed", all[^1].Type);
        await using var again = await SseReader.OpenAsync(Host.Client, path, all[^1].Id);
        Assert.Empty(await again.RestAsync());
    }

    [Fact]
    public async Task Follow_RetriedWorkflow_GoesOnPastTheFirstEnd()
    {
        var definition = await Host.DefineAsync(1);
        await using var agent = await TestAgent.RegisterAsync(Host, definition);
        var workflow = await Host.SubmitAsync(definition);
        await agent.FailAsync((await agent.ClaimOneAsync()).TaskId);
        using var retried = await Host.Client.PostAsync($"/api/v1/workflows/{workflow.Id}/retry", null);
        await using var stream = await SseReader.OpenAsync(Host.Client, $"/api/v1/workflows/{workflow.Id}/events");
        await agent.CompleteAsync((await agent.ClaimOneAsync()).TaskId);
        var types = (await stream.RestAsync()).ConvertAll(happened => happened.Type);
        Assert.Contains("workflow.failed", types);
        Assert.Contains("workflow.retried", types);
        Assert.Equal("workflow.completed", types[^1]);
    }

    [Fact]
    public async Task FollowAll_FromLatest_SeesOnlyWhatFollows()
    {
        var before = await RunAsync(stages: 1);
        await using var stream = await SseReader.OpenAsync(Host.Client, "/api/v1/events?after=latest");
        var workflow = await Host.SubmitAsync(await Host.DefineAsync(1));
        EventResource happened;
        do
        {
            happened = (await stream.NextAsync())!;
            Assert.NotEqual(before, happened.WorkflowId);
        }
        while (happened.WorkflowId != workflow.Id);
        Assert.Equal("workflow.submitted", happened.Type);
    }

    [Fact]
    public async Task Follow_SomeTypes_GivesOnlyThose_AndEndsWithTheWorkflow()
    {
        var workflow = await RunAsync(stages: 2);
        await using var stages = await SseReader.OpenAsync(Host.Client, $"/api/v1/workflows/{workflow}/events?types=stage.completed");
        Assert.Equal(["stage.completed", "stage.completed"], (await stages.RestAsync()).Select(happened => happened.Type));
        await using var all = await SseReader.OpenAsync(Host.Client, $"/api/v1/workflows/{workflow}/events?types=workflow.*");
        Assert.Equal(["workflow.submitted", "workflow.completed"], (await all.RestAsync()).Select(happened => happened.Type));
    }

    [Fact]
    public async Task FollowAll_SomeTypes_SeesTheEndsOnly()
    {
        await using var stream = await SseReader.OpenAsync(Host.Client, "/api/v1/events?after=latest&types=workflow.completed,workflow.failed");
        var first = await RunAsync(stages: 3);
        var second = await RunAsync(stages: 1);
        var seen = new List<EventResource>();
        while (seen.Count(happened => happened.WorkflowId == first || happened.WorkflowId == second) < 2)
        {
            seen.Add((await stream.NextAsync())!);
        }

        Assert.All(seen, happened => Assert.True(happened.Type is "workflow.completed" or "workflow.failed", happened.Type));
    }

    [Fact]
    public async Task Read_SomeTypes_PagesOverTheOthers()
    {
        var workflow = await RunAsync(stages: 3);
        var path = $"/api/v1/workflows/{workflow}/events?types=stage.completed&limit=2&after=";
        var first = await Host.Client.GetAsync(path + "0").ValueAsync<EventList>();
        var second = await Host.Client.GetAsync(path + first.LastEventId).ValueAsync<EventList>();
        Assert.Equal(3, first.Events.Count + second.Events.Count);
        Assert.All(first.Events.Concat(second.Events), happened => Assert.Equal("stage.completed", happened.Type));
        var last = (await PageAsync(workflow, 0, 1000)).Events[^1].Id;
        Assert.Equal(last, second.LastEventId);
        Assert.Empty((await Host.Client.GetAsync(path + last).ValueAsync<EventList>()).Events);
    }

    [Fact]
    public async Task Read_UnknownType_NamesItAndThoseThatThereAre()
    {
        using var answer = await Host.Client.GetAsync("/api/v1/events?types=workflow.complete");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("types: 'workflow.complete' is not one of: workflow.submitted", text, StringComparison.Ordinal);
        Assert.Contains("stage.completed", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_HostStops_EndsAtOnceAndTheHostWithIt()
    {
        await using var host = await OrchestratorHost.StartAsync();
        var definition = await host.DefineAsync(1);
        var workflow = await host.SubmitAsync(definition);
        await using var stream = await SseReader.OpenAsync(host.Client, $"/api/v1/workflows/{workflow.Id}/events");
        Assert.NotNull(await stream.NextAsync());
        var other = await TestAgent.RegisterAsync(host, definition + "-x");
        var claim = other.ClaimAsync(waitMs: 60_000);
        var heartbeat = other.BeatAsync(60_000);
        var (ready, holders) = (host.Services.GetRequiredService<ReadyQueue>(), host.Services.GetRequiredService<AttemptHolders>());
        await Eventually.TrueAsync(() => ready.WaitersOf(other.Type) == 1 && holders.HasListener(other.Id), "both calls wait in the orchestrator");

        var watch = Stopwatch.StartNew();
        await host.StopAsync();
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(3), $"{watch.Elapsed}");
        await stream.RestAsync();
        Assert.Empty(await claim);
        Assert.Empty((await heartbeat).Cancels);
    }

    [Fact]
    public async Task Logs_OfAStage_AreLinesWithTimeStageAndAttempt()
    {
        var definition = await Host.DefineAsync(1);
        await using var agent = await TestAgent.RegisterAsync(Host, definition);
        var workflow = await Host.SubmitAsync(definition);
        var task = await agent.ClaimOneAsync();
        var status = new StatusEnvelope { TaskId = task.TaskId, AgentId = agent.Id, At = DateTimeOffset.UtcNow, Message = "half way", ProgressPercent = 50, Iteration = 2, Log = ["one", "two"] };
        using var sent = await agent.Client.PostAsync("/api/v1/tasks/statuses", Answers.Of(new[] { status }));
        Assert.Equal(HttpStatusCode.NoContent, sent.StatusCode);

        var shown = await Host.UntilAsync(workflow.Id, current => current.Stages![0].Message == "half way", "the message is shown");
        Assert.Equal((50, 2), (shown.Stages![0].ProgressPercent, shown.Stages[0].Iteration));
        string text = "";
        await Eventually.TrueAsync(async () => (text = await Host.Client.GetStringAsync($"/api/v1/workflows/{workflow.Id}/logs?stage=s1")).Length > 0, () => "the log is there", TimeSpan.FromSeconds(30));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z s1#1 one\n\S+ s1#1 two\n$", text);
        Assert.Empty(await Host.Client.GetStringAsync($"/api/v1/workflows/{workflow.Id}/logs?stage=s2"));
    }

    [Fact]
    public async Task Read_UnknownWorkflow_Answers404()
        => await Host.Client.GetAsync($"/api/v1/workflows/{WorkflowId.New(TimeProvider.System)}/events").ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);

    private async Task<WorkflowId> RunAsync(int stages)
    {
        var definition = await Host.DefineAsync(stages);
        var workflow = await Host.SubmitAsync(definition);
        await CompleteAllAsync(definition, stages);
        return workflow.Id;
    }

    private async Task CompleteAllAsync(string definition, int stages)
    {
        await using var agent = await TestAgent.RegisterAsync(Host, definition);
        for (var n = 0; n < stages; n++)
        {
            await agent.CompleteAsync((await agent.ClaimOneAsync()).TaskId);
        }
    }

    private Task<EventList> PageAsync(WorkflowId id, long after, int limit) =>
        Host.Client.GetAsync($"/api/v1/workflows/{id}/events?after={after}&limit={limit}").ValueAsync<EventList>();
}
