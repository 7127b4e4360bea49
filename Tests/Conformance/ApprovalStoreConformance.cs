using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;

namespace Stack.Tests.Conformance;

/// <summary>What <see cref="IApprovalStore"/> promises, for every adapter.</summary>
public abstract class ApprovalStoreConformance : IAsyncLifetime
{
    private static readonly CancellationToken s_none = CancellationToken.None;

    private IWorkflowStore? _store;

    protected IWorkflowStore Store => _store ?? throw new InvalidOperationException("The test has not begun.");

    /// <summary>Opens a store on this test's own, empty database.</summary>
    protected abstract Task<IWorkflowStore> OpenAsync();

    public async Task InitializeAsync()
    {
        _store = await OpenAsync();
        await _store.MigrateAsync(s_none);
    }

    public abstract Task DisposeAsync();

    [ServerFact]
    public async Task Commit_Question_IsReadBackWhole()
    {
        var write = Writes.Submit(Writes.NextId());
        var asked = Question(write.State.Id, 1);
        await Store.CommitAsync(write with { Approvals = [asked] });
        Writes.Same(asked, await Store.FindApprovalAsync(asked.Id, s_none));
        Writes.Same([asked], await ListAsync(new ApprovalQuery()));
        Assert.Null(await Store.FindApprovalAsync(ApprovalId.Of(write.State.Id, "build", 9), s_none));
    }

    [ServerFact]
    public async Task Commit_Changed_TheLastWordCounts_AlsoWithinAWrite()
    {
        var write = Writes.Submit(Writes.NextId());
        var asked = Question(write.State.Id, 1);
        await Store.CommitAsync(write with { Approvals = [asked] });
        var approved = Decided(asked, executes: true);
        var executed = approved with { Decision = approved.Decision! with { Execution = new EffectExecution { Succeeded = true, At = Writes.Now, Message = "Done." } } };
        await Store.CommitAsync(write.Then(new WorkflowPaused { At = Writes.Now }) with { Approvals = [approved] });
        Assert.Equal([asked.Id], (await Store.ListUnexecutedAsync(10, s_none)).Select(approval => approval.Id));
        await Store.CommitAsync(write.Then(new WorkflowPaused { At = Writes.Now }).Then(new WorkflowResumed { At = Writes.Now }) with { Approvals = [approved, executed] });
        Assert.Empty(await Store.ListUnexecutedAsync(10, s_none));
        Writes.Same(executed, await Store.FindApprovalAsync(asked.Id, s_none));
    }

    [ServerFact]
    public async Task Commit_AnotherVersionIsStored_ItsQuestionsAreLeftOut()
    {
        var write = Writes.Submit(Writes.NextId());
        await Store.CommitAsync(write);
        var late = write.Then(new WorkflowPaused { At = Writes.Now });
        await Store.CommitAsync(late);
        var outcome = await Store.CommitAsync(late with { Approvals = [Question(write.State.Id, 1)] });
        Assert.Equal([write.State.Id], outcome.Conflicts);
        Assert.Empty(await ListAsync(new ApprovalQuery()));
    }

    [ServerFact]
    public async Task List_Filters_GiveWhatFits_NewestFirst()
    {
        var (one, other) = (Writes.Submit(Writes.NextId()), Writes.Submit(Writes.NextId()));
        var questions = Enumerable.Range(1, 6).Select(number => Question(number % 2 == 0 ? one.State.Id : other.State.Id, number)).ToList();
        questions[2] = Decided(questions[2], executes: false);
        await Store.CommitAsync(one with { Approvals = [.. questions.Where(question => question.WorkflowId == one.State.Id)] }, other with { Approvals = [.. questions.Where(question => question.WorkflowId == other.State.Id)] });

        Assert.Equal([6, 5, 4, 3, 2, 1], await NumbersAsync(new ApprovalQuery()));
        Assert.Equal([6, 5, 4, 2, 1], await NumbersAsync(new ApprovalQuery { Status = ApprovalStatus.Open }));
        Assert.Equal([3], await NumbersAsync(new ApprovalQuery { Status = ApprovalStatus.Approved }));
        Assert.Equal([5, 1], await NumbersAsync(new ApprovalQuery { Status = ApprovalStatus.Open, WorkflowId = other.State.Id }));
        Assert.Equal([6, 4], await NumbersAsync(new ApprovalQuery { WorkflowId = one.State.Id, Limit = 2 }));
        Assert.Equal([3, 2], await NumbersAsync(new ApprovalQuery { Before = questions[3].Id, Limit = 2 }));
        Assert.Equal([2, 1], await NumbersAsync(new ApprovalQuery { Before = questions[3].Id, Status = ApprovalStatus.Open }));
        Assert.Empty(await NumbersAsync(new ApprovalQuery { Before = ApprovalId.Of(one.State.Id, "x", 1) }));
    }

    [ServerFact]
    public async Task Link_OfAQuestion_IsFoundByItsHashOnly()
    {
        var write = Writes.Submit(Writes.NextId());
        var asked = Question(write.State.Id, 1);
        await Store.CommitAsync(write with { Approvals = [asked] });
        var link = new ApprovalLink { TokenHash = new string('a', 64), ApprovalId = asked.Id, CreatedBy = "ann", Roles = ["ann", "write"], ExpiresAt = Writes.Now };
        Assert.True(await Store.AddLinkAsync(link, s_none));
        Writes.Same(link, await Store.FindLinkAsync(link.TokenHash, s_none));
        Assert.Null(await Store.FindLinkAsync(new string('b', 64), s_none));
        Assert.False(await Store.AddLinkAsync(link with { TokenHash = new string('c', 64), ApprovalId = ApprovalId.Of(write.State.Id, "x", 1) }, s_none));
    }

    [ServerFact]
    public async Task Prune_Workflow_TakesItsQuestionsAndLinksAlong()
    {
        var (old, kept) = (Writes.Submit(Writes.NextId()), Writes.Submit(Writes.NextId()));
        var (asked, other) = (Question(old.State.Id, 1), Question(kept.State.Id, 2));
        await Store.CommitAsync(old with { Approvals = [asked] }, kept with { Approvals = [other] });
        var link = new ApprovalLink { TokenHash = new string('a', 64), ApprovalId = asked.Id, CreatedBy = "ann", ExpiresAt = Writes.Now };
        await Store.AddLinkAsync(link, s_none);
        var ended = old.Then().Ended(WorkflowStatus.Canceled) with { EndedAttempts = [Writes.End("build", 1, AttemptStatus.Canceled)] };
        await Store.CommitAsync(ended);
        Assert.Equal([old.State.Id], await Store.PruneAsync(Writes.Now.AddDays(1), 10, dryRun: false, s_none));
        Assert.Equal([other.Id], (await ListAsync(new ApprovalQuery())).Select(approval => approval.Id));
        Assert.Null(await Store.FindLinkAsync(link.TokenHash, s_none));
    }

    private static ApprovalRecord Question(WorkflowId id, int number)
    {
        var effect = CanonicalJson.Of(JsonPayload.Parse("""{"kind":"tool_call","command":"größer \u0000 'x'"}"""));
        return new ApprovalRecord
        {
            Id = ApprovalId.Of(id, "build", number),
            WorkflowId = id,
            WorkflowName = "a workflow",
            Stage = "build",
            Attempt = number,
            Status = ApprovalStatus.Open,
            Prompt = "May I?",
            AskedAt = Writes.Now.AddSeconds(number),
            ExpiresAt = Writes.Now.AddDays(1),
            Question = new ApprovalState
            {
                Id = ApprovalId.Of(id, "build", number),
                Kind = "tool_call",
                Effect = effect,
                EffectHash = CanonicalJson.HashOf(effect),
                Terms = new ApprovalTerms { Deciders = ["ann"], ExpiresAfter = TimeSpan.FromDays(1), OnExpiry = ApprovalExpiry.Escalate, EscalateTo = ["bob"] },
            },
        };
    }

    private static ApprovalRecord Decided(ApprovalRecord asked, bool executes) => asked with
    {
        Status = ApprovalStatus.Approved,
        Question = asked.Question with { IsExecuting = executes },
        Decision = new ApprovalDecision { Approved = true, DecidedBy = "ann", DecidedAt = Writes.Now, Approval = asked.Id, Effect = asked.Question.Effect, EffectHash = asked.Question.EffectHash },
    };

    private Task<IReadOnlyList<ApprovalRecord>> ListAsync(ApprovalQuery query) => Store.ListApprovalsAsync(query, s_none);

    private async Task<IReadOnlyList<int?>> NumbersAsync(ApprovalQuery query) => [.. (await ListAsync(query)).Select(approval => approval.Attempt)];
}
