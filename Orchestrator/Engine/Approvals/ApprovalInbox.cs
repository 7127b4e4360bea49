using Stack.Contracts;

namespace Stack.Engine;

/// <summary>The one inbox for questions to people, whoever asks them. The same on every orchestrator of a store. Thread-safe; what an outcome says is durable.</summary>
public sealed class ApprovalInbox
{
    private readonly WorkflowEngine _engine;
    private readonly IApprovalStore _store;
    private readonly EffectRunner _runner;
    private readonly TimeProvider _time;

    internal ApprovalInbox(WorkflowEngine engine, IApprovalStore store, EffectRunner runner, TimeProvider time) => (_engine, _store, _runner, _time) = (engine, store, runner, time);

    /// <summary>Lists questions, newest first.</summary>
    /// <param name="query">The filters.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<IReadOnlyList<ApprovalRecord>> ListAsync(ApprovalQuery query, CancellationToken cancellationToken) => _store.ListApprovalsAsync(query, cancellationToken);

    /// <summary>Reads one question. Null: there is none.</summary>
    /// <param name="id">The question.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<ApprovalRecord?> FindAsync(ApprovalId id, CancellationToken cancellationToken) => _store.FindApprovalAsync(id, cancellationToken);

    /// <summary>
    /// Decides a question. The same decision again changes nothing and is told what stands; another one is refused. What the orchestrator executes itself is executed before this returns, unless that
    /// fails for now: then it is executed later.
    /// </summary>
    /// <param name="id">The question.</param>
    /// <param name="approved">Yes or no.</param>
    /// <param name="who">Who decides.</param>
    /// <param name="seenHash">The hash of the effect that the person saw. Null: not checked.</param>
    /// <param name="amended">The effect to execute instead. Null: the one that was asked about.</param>
    /// <param name="comment">What the person adds.</param>
    /// <param name="cancellationToken">Ends the wait, not the storing.</param>
    public async Task<ApprovalOutcome> DecideAsync(ApprovalId id, bool approved, ApprovalPerson who, string? seenHash, JsonPayload? amended, string? comment, CancellationToken cancellationToken)
    {
        if (await _store.FindApprovalAsync(id, cancellationToken).ConfigureAwait(false) is not { } seen)
        {
            return new ApprovalOutcome.NotFound();
        }

        var decision = new ApprovalDecision { Approved = approved, DecidedBy = who.Name, DecidedAt = _time.GetUtcNow(), Comment = comment, Effect = approved ? amended : null };
        if (seen.Status is not ApprovalStatus.Open)
        {
            return Compare(seen, decision, seenHash);
        }

        var outcome = await _engine.AnswerAsync(seen.WorkflowId, seen.Stage, decision, new DecisionGuard { Approval = id, Hash = seenHash, Roles = who.Roles }, cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(id, cancellationToken).ConfigureAwait(false);
        if (await _store.FindApprovalAsync(id, cancellationToken).ConfigureAwait(false) is not { } now)
        {
            return new ApprovalOutcome.NotFound();
        }

        return outcome switch
        {
            CommandOutcome.Applied => new ApprovalOutcome.Decided(now),
            CommandOutcome.Forbidden forbidden => new ApprovalOutcome.Forbidden(now, forbidden.Message),
            _ when now.Status is not ApprovalStatus.Open => Compare(now, decision, seenHash),
            CommandOutcome.Refused refused => new ApprovalOutcome.Stale(now, refused.Message),
            _ => new ApprovalOutcome.NotFound(),
        };
    }

    /// <summary>Executes what was approved and is the orchestrator's own to execute, unless that was done. What fails for now is executed later.</summary>
    /// <param name="id">The question.</param>
    /// <param name="cancellationToken">Ends the wait; it is executed later then.</param>
    public async Task ExecuteAsync(ApprovalId id, CancellationToken cancellationToken)
    {
        if (await _store.FindApprovalAsync(id, cancellationToken).ConfigureAwait(false) is { IsUnexecuted: true } approved)
        {
            await _runner.TryExecuteAsync(approved, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Keeps a link to a question.</summary>
    /// <param name="link">The link.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False: there is no such question.</returns>
    public Task<bool> AddLinkAsync(ApprovalLink link, CancellationToken cancellationToken) => _store.AddLinkAsync(link, cancellationToken);

    /// <summary>Reads a link. Null: there is none.</summary>
    /// <param name="tokenHash">The hash of its token.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<ApprovalLink?> FindLinkAsync(string tokenHash, CancellationToken cancellationToken) => _store.FindLinkAsync(tokenHash, cancellationToken);

    private static ApprovalOutcome Compare(ApprovalRecord now, ApprovalDecision wanted, string? seenHash)
    {
        var same = now.Decision is { } decided
            && decided.Approved == wanted.Approved
            && now.Status is ApprovalStatus.Approved or ApprovalStatus.Rejected
            && (!wanted.Approved || ((seenHash is null || seenHash == now.Question.EffectHash) && (wanted.Effect is null ? !now.Decision.Amended : CanonicalJson.HashOf(wanted.Effect) == now.Decision.EffectHash)));
        return same ? new ApprovalOutcome.Decided(now) : new ApprovalOutcome.Stale(now, Story(now));
    }

    private static string Story(ApprovalRecord now) => (now.Status, now.Decision) switch
    {
        (ApprovalStatus.Approved, { } decision) => $"{decision.DecidedBy} approved it{(decision.Amended ? ", amended," : "")} at {decision.DecidedAt.UtcDateTime:u}.",
        (ApprovalStatus.Rejected, { } decision) => $"{decision.DecidedBy} rejected it at {decision.DecidedAt.UtcDateTime:u}.",
        (ApprovalStatus.Expired, { } decision) => $"Nobody decided in time; it expired at {decision.DecidedAt.UtcDateTime:u}.",
        (ApprovalStatus.Superseded, _) => "The effect has changed since it was asked; the stage asks about the new one. Look again and decide.",
        (ApprovalStatus.Canceled, _) => "Its workflow ended before anybody decided.",
        _ => "It is open. Look again and decide.",
    };
}

/// <summary>Who decides.</summary>
/// <param name="Name">The name for the record.</param>
/// <param name="Roles">What they go by: the name of their key and their scopes. Null: there are no keys; whoever is at the machine may decide.</param>
public sealed record ApprovalPerson(string Name, IReadOnlyList<string>? Roles);

/// <summary>What a person saw, and goes by.</summary>
public sealed record DecisionGuard
{
    /// <summary>The workflow's version. Null: not checked.</summary>
    public long? Version { get; init; }

    /// <summary>The question. Null: whichever stands.</summary>
    public ApprovalId? Approval { get; init; }

    /// <summary>The hash of the effect. Null: not checked.</summary>
    public string? Hash { get; init; }

    /// <summary>What they go by. Null: there are no keys.</summary>
    public IReadOnlyCollection<string>? Roles { get; init; }
}

/// <summary>What became of a decision. A closed union.</summary>
public abstract record ApprovalOutcome
{
    private ApprovalOutcome()
    {
    }

    /// <summary>It is decided so, by this decision or by the same one before.</summary>
    /// <param name="Approval">The question as it is now.</param>
    public sealed record Decided(ApprovalRecord Approval) : ApprovalOutcome;

    /// <summary>It is not what the person saw.</summary>
    /// <param name="Approval">The question as it is now.</param>
    /// <param name="Message">What is true now, for a person.</param>
    public sealed record Stale(ApprovalRecord Approval, string Message) : ApprovalOutcome;

    /// <summary>Somebody else may decide.</summary>
    /// <param name="Approval">The question as it is now.</param>
    /// <param name="Message">Who, for a person.</param>
    public sealed record Forbidden(ApprovalRecord Approval, string Message) : ApprovalOutcome;

    /// <summary>There is no such question.</summary>
    public sealed record NotFound : ApprovalOutcome;
}
