using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Commit;

public sealed class WorkflowCacheTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Cache_IsBounded_AndAMissReadsTheStore()
    {
        await using var engine = await TestEngine.StartAsync(configure: options => options.CacheCapacity = 10);
        var cache = engine.Get<WorkflowCache>();
        var ids = new List<WorkflowId>();
        for (var i = 0; i < 50; i++)
        {
            ids.Add(await engine.SubmitAsync(Flow.Stage("a")));
        }

        Assert.Equal(10, cache.Count);
        Assert.Null(cache.TryGet(ids[0]));
        Assert.Equal(ids[0], (await cache.GetAsync(ids[0], None))!.Header.Id);
        Assert.Equal(50, (await cache.LoadAsync(ids, None)).Count);
        Assert.Equal(10, cache.Count);

        // Nobody is forgotten: all can be taken and completed.
        var tasks = await engine.ClaimAsync(most: 100);
        Assert.Equal(50, tasks.Count);
        Assert.All(await engine.Feed.ReportAsync([.. tasks.Select(task => TestEngine.Result(task.TaskId))], None), receipt => Assert.Equal(ReceiptStatus.Accepted, receipt.Status));
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public async Task Cache_EndedWorkflows_AreNotKept()
    {
        await using var engine = await TestEngine.StartAsync();
        var cache = engine.Get<WorkflowCache>();
        var id = await engine.SubmitAsync(Flow.Stage("a"));
        Assert.Equal(1, cache.Count);
        await engine.Engine.CancelAsync(id, null, null, None);
        Assert.Equal(0, cache.Count);
        Assert.Equal(WorkflowStatus.Canceled, (await cache.GetAsync(id, None))!.State.Status);
        await engine.Engine.CancelAsync(id, null, null, None);
        Assert.Equal(0, cache.Count);
        await engine.Engine.RetryAsync(id, null, null, None);
        Assert.Equal(1, cache.Count);
    }

    [Fact]
    public async Task Load_TheWorkflowEndedMeanwhile_ItsPastIsNotKept()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(Flow.Stage("a"));
        var cache = engine.Get<WorkflowCache>();
        cache.Remove(id);
        var (read, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        engine.Store.AfterLoad = () =>
        {
            engine.Store.AfterLoad = () => Task.CompletedTask;
            read.SetResult();
            return goOn.Task;
        };
        var loading = cache.GetAsync(id, None);
        await read.Task;
        await engine.Engine.CancelAsync(id, null, null, None);
        goOn.SetResult();
        await loading;
        Assert.Null(cache.TryGet(id));
        Assert.Equal(WorkflowStatus.Canceled, (await cache.GetAsync(id, None))!.State.Status);
    }

    [Fact]
    public async Task Load_TheWorkflowMovedOnMeanwhile_GivesWhatIsKnown()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(Flow.Stage("a"));
        var cache = engine.Get<WorkflowCache>();
        cache.Remove(id);
        var (read, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        engine.Store.AfterLoad = () =>
        {
            engine.Store.AfterLoad = () => Task.CompletedTask;
            read.SetResult();
            return goOn.Task;
        };
        var loading = cache.GetAsync(id, None);
        await read.Task;
        await engine.Engine.PauseAsync(id, null, null, None);
        goOn.SetResult();
        Assert.Same(cache.TryGet(id), await loading);
        Assert.True((await loading)!.State.Paused);
    }

    [Fact]
    public async Task Outputs_ReadWhileAStageCompletes_AreNotKeptWithoutIt()
    {
        await using var engine = await TestEngine.StartAsync();
        await using var other = await RestartedAsync(engine);
        var id = await other.SubmitAsync(Flow.Stage("a"), Flow.Stage("b"), Flow.Stage("c", "a", "b"));
        await other.ReportAsync(new TaskId(id, "a", 1), Output("1"));
        var cache = other.Get<WorkflowCache>();
        cache.Remove(id);
        var workflow = (await cache.GetAsync(id, None))!;
        var (read, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        other.Store.AfterLoadOutputs = () =>
        {
            other.Store.AfterLoadOutputs = () => Task.CompletedTask;
            read.SetResult();
            return goOn.Task;
        };
        var loading = cache.OutputsAsync(workflow, None);
        await read.Task;
        await other.ReportAsync(new TaskId(id, "b", 1), Output("2"));
        goOn.SetResult();
        Assert.Single(await loading);
        var task = (await other.ClaimAsync(most: 10)).Single(candidate => candidate.TaskId.Stage == "c");
        Assert.Equal(["a", "b"], task.WorkflowContext.StageOutputs.Keys.Order());
    }

    [Fact]
    public async Task Outputs_OfARetriedStageWithoutOutput_AreGone()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(Flow.Stage("a"), Flow.Stage("b", "a"));
        await engine.ReportAsync(new TaskId(id, "a", 1), Output("1"));
        await engine.Engine.CancelAsync(id, null, null, None);
        await engine.Engine.RetryAsync(id, "a", null, None);
        Assert.Single(await engine.ClaimAsync());
        await engine.ReportAsync(new TaskId(id, "a", 2));
        Assert.Empty(Assert.Single(await engine.ClaimAsync()).WorkflowContext.StageOutputs);
    }

    [Fact]
    public async Task Outputs_TooLargeForMemory_AreReadWhenNeeded()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(Flow.Stage("a"), Flow.Stage("b", "a"));
        await engine.ReportAsync(new TaskId(id, "a", 1), Output($"\"{new string('x', 100_000)}\""));
        Assert.Null(engine.Get<WorkflowCache>().TryGet(id)!.Outputs);
        Assert.Equal(100_002, Assert.Single(await engine.ClaimAsync()).WorkflowContext.StageOutputs["a"].SizeBytes);
    }

    [Fact]
    public void Pin_TheSameVersion_IsOneObject_AndVersionsAreBounded()
    {
        var cache = new WorkflowCache(new InMemoryStore(), new InMemoryStore(), Microsoft.Extensions.Options.Options.Create(new EngineOptions()));
        var definition = Flow.Define(null, Flow.Stage("a"));
        Assert.Same(definition, cache.Pin("v", definition));
        Assert.Same(definition, cache.Pin("v", definition with { Name = "same" }));
        for (var i = 0; i < 5000; i++)
        {
            cache.Pin($"v{i}", definition);
        }

        Assert.Equal("other", cache.Pin("v", definition with { Name = "other" }).Name);
    }

    private static async Task<TestEngine> RestartedAsync(TestEngine engine)
    {
        await engine.StopAsync();
        return await TestEngine.StartAsync(engine);
    }

    private static StageOutcome.Completed Output(string json) => new() { Output = JsonPayload.Parse(json) };
}
