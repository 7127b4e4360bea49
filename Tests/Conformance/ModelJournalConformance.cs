using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;

namespace Stack.Tests.Conformance;

/// <summary>What <see cref="IModelJournal"/> promises, for every adapter.</summary>
public abstract class ModelJournalConformance : IAsyncLifetime
{
    private (IModelJournal Journal, IWorkflowStore Workflows)? _store;

    protected IModelJournal Journal => _store?.Journal ?? throw new InvalidOperationException("The test has not begun.");

    private IWorkflowStore Workflows => _store!.Value.Workflows;

    /// <summary>Opens a migrated store on this test's own, empty database.</summary>
    protected abstract Task<(IModelJournal Journal, IWorkflowStore Workflows)> OpenAsync();

    public async Task InitializeAsync() => _store = await OpenAsync();

    public abstract Task DisposeAsync();

    [ServerFact]
    public async Task Record_ThenFind_GivesTheSame()
    {
        var id = await SubmitAsync();
        var (call, contents) = Call(id, "build", "hello", "Hi \u0000 there \ud83d\ude00", step: "iteration-1/2");
        Assert.Null(await Journal.FindCallAsync(call.Key, isGiven: false, CancellationToken.None));

        Assert.True(await Journal.RecordCallAsync(call, contents, CancellationToken.None));

        var found = await Journal.FindCallAsync(call.Key, isGiven: false, CancellationToken.None);
        Assert.Equal(JournalContent.Of(JsonPayload.From("Hi \u0000 there \ud83d\ude00")).Json, found!.Answer);
        Assert.Equal(call.Request, found.Call.Request);
        Assert.Equal(call with { Request = [] }, found.Call with { Request = [] });
        Assert.Null(await Journal.FindCallAsync(call.Key, isGiven: true, CancellationToken.None));
        Assert.Null(await Journal.FindCallAsync(call.Key with { Occurrence = 1 }, isGiven: false, CancellationToken.None));
        Assert.Null(await Journal.FindCallAsync(call.Key with { Step = "" }, isGiven: false, CancellationToken.None));
    }

    [ServerFact]
    public async Task Record_SameCallAgain_KeepsTheFirst()
    {
        var id = await SubmitAsync();
        var (first, contents) = Call(id, "build", "hello", "first");
        Assert.True(await Journal.RecordCallAsync(first, contents, CancellationToken.None));
        var (second, others) = Call(id, "build", "hello", "second");
        Assert.Equal(first.Key, second.Key);

        Assert.False(await Journal.RecordCallAsync(second, others, CancellationToken.None));

        Assert.Equal("first", (await Journal.FindCallAsync(first.Key, isGiven: false, CancellationToken.None))!.Answer.To<string>());
        Assert.Single(await Journal.ListCallsAsync(id, isGiven: false, 10, CancellationToken.None));
    }

    [ServerFact]
    public async Task Record_UnknownWorkflow_WritesNothing()
    {
        var (call, contents) = Call(Writes.NextId(), "build", "hello", "answer");
        Assert.False(await Journal.RecordCallAsync(call, contents, CancellationToken.None));
        Assert.Empty(await Journal.LoadContentsAsync(call.Key.WorkflowId, [call.Answer], CancellationToken.None));
    }

    [ServerFact]
    public async Task Record_GrowingConversation_StoresEachMessageOnce()
    {
        var id = await SubmitAsync();
        var (first, contents) = Call(id, "build", "hello", "answer");
        var more = JournalContent.Of(JsonPayload.From("more"));
        Assert.True(await Journal.RecordCallAsync(first, contents, CancellationToken.None));
        var second = first with { Key = first.Key with { RequestHash = more.Hash }, Request = [.. first.Request, more.Hash] };
        Assert.True(await Journal.RecordCallAsync(second, [.. contents, more, more], CancellationToken.None));

        var loaded = await Journal.LoadContentsAsync(id, [.. second.Request, second.Answer, new string('0', 64)], CancellationToken.None);

        Assert.Equal(["answer", "hello", "more"], loaded.Values.Select(content => content.To<string>()).Order(StringComparer.Ordinal));
        Assert.Equal([first.Key, second.Key], (await Journal.ListCallsAsync(id, isGiven: false, 10, CancellationToken.None)).Select(call => call.Key));
        Assert.Single(await Journal.ListCallsAsync(id, isGiven: false, 1, CancellationToken.None));
    }

    [ServerFact]
    public async Task Count_CallsReplaysAndFailures_AreToldApart()
    {
        var id = await SubmitAsync();
        var (call, contents) = Call(id, "build", "hello", "answer");
        Assert.True(await Journal.RecordCallAsync(call, contents, CancellationToken.None));
        Assert.True(await Journal.RecordCallAsync(call with { Key = call.Key.OfFailure() }, contents, CancellationToken.None));
        Assert.True(await Journal.RecordCallAsync(call with { Key = call.Key with { Stage = "test" } }, contents, CancellationToken.None));
        await Journal.CountReplayAsync(call.Key, CancellationToken.None);
        await Journal.CountReplayAsync(call.Key, CancellationToken.None);

        Assert.Equal([new StageCalls("build", 1, 2), new StageCalls("test", 1, 0)], await Journal.CountCallsAsync(id, CancellationToken.None));
        Assert.Equal(-1, call.Key.OfFailure().Occurrence);
    }

    [ServerFact]
    public async Task Import_BeforeTheWorkflow_IsGivenToItUntilItIsForgotten()
    {
        var id = Writes.NextId();
        var (first, contents) = Call(Writes.NextId(), "build", "hello", "answer");
        var (second, others) = Call(first.Key.WorkflowId, "test", "bye", "answer");

        await Journal.ImportCallsAsync(id, [second, first], [.. contents, .. others], CancellationToken.None);

        Assert.Equal(["test", "build"], (await Journal.ListCallsAsync(id, isGiven: true, 10, CancellationToken.None)).Select(call => call.Key.Stage));
        Assert.Empty(await Journal.ListCallsAsync(id, isGiven: false, 10, CancellationToken.None));
        var key = first.Key with { WorkflowId = id };
        Assert.Equal("answer", (await Journal.FindCallAsync(key, isGiven: true, CancellationToken.None))!.Answer.To<string>());

        await Journal.ForgetCallsAsync(id, CancellationToken.None);
        await Journal.ForgetCallsAsync(id, CancellationToken.None);
        Assert.Null(await Journal.FindCallAsync(key, isGiven: true, CancellationToken.None));
        Assert.Empty(await Journal.LoadContentsAsync(id, [first.Answer], CancellationToken.None));
    }

    [ServerFact]
    public async Task Prune_Workflow_TakesItsCallsAndNoOthers()
    {
        var (old, young) = (await SubmitAsync(ended: true), await SubmitAsync());
        foreach (var id in new[] { old, young })
        {
            var (call, contents) = Call(id, "build", "hello", "answer");
            Assert.True(await Journal.RecordCallAsync(call, contents, CancellationToken.None));
            await Journal.ImportCallsAsync(id, [call], contents, CancellationToken.None);
        }

        Assert.Equal([old], await Workflows.PruneAsync(Writes.Now.AddDays(1), 10, dryRun: false, CancellationToken.None));

        Assert.Empty(await Journal.ListCallsAsync(old, isGiven: false, 10, CancellationToken.None));
        Assert.Empty(await Journal.ListCallsAsync(old, isGiven: true, 10, CancellationToken.None));
        var (kept, _) = Call(young, "build", "hello", "answer");
        Assert.Empty(await Journal.LoadContentsAsync(old, [kept.Answer], CancellationToken.None));
        Assert.NotNull(await Journal.FindCallAsync(kept.Key, isGiven: false, CancellationToken.None));
    }

    private async Task<WorkflowId> SubmitAsync(bool ended = false)
    {
        var write = Writes.Submit(Writes.NextId());
        await Workflows.CommitAsync(new CommitBatch { Workflows = [write] }, CancellationToken.None);
        if (ended)
        {
            await Workflows.CommitAsync(new CommitBatch { Workflows = [write.Then().Ended(WorkflowStatus.Canceled)] }, CancellationToken.None);
        }

        return write.State.Id;
    }

    private static (ModelCall Call, List<JournalContent> Contents) Call(WorkflowId id, string stage, string question, string answer, string step = "")
    {
        var (asked, answered) = (JournalContent.Of(JsonPayload.From(question)), JournalContent.Of(JsonPayload.From(answer)));
        var call = new ModelCall
        {
            Key = new ModelCallKey(id, stage, step, asked.Hash, 0),
            Attempt = 1,
            At = Writes.Now,
            Asked = "fast",
            Model = "tiny",
            Provider = "ollama",
            PromptTokens = 7,
            CompletionTokens = 3,
            CostNano = 12,
            Request = [asked.Hash],
            Answer = answered.Hash,
        };
        return (call, [asked, answered]);
    }
}
