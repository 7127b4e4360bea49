using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What people can ask of workflows. Thread-safe. When a call returns an outcome other than a refusal, what it changed is durable.</summary>
public sealed class WorkflowEngine
{
    private readonly Committer _committer;
    private readonly WorkflowCache _cache;
    private readonly IWorkflowStore _store;
    private readonly TimeProvider _time;

    internal WorkflowEngine(Committer committer, WorkflowCache cache, IWorkflowStore store, TimeProvider time) =>
        (_committer, _cache, _store, _time) = (committer, cache, store, time);

    /// <summary>Accepts a workflow. Idempotent by its idempotency key, when it has one.</summary>
    /// <param name="submission">The workflow.</param>
    /// <param name="cancellationToken">Ends the wait, not the storing.</param>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public async Task<SubmitOutcome> SubmitAsync(WorkflowSubmission submission, CancellationToken cancellationToken)
    {
        if (submission.Idempotency is { } idempotency && await FindUsedAsync(idempotency, cancellationToken).ConfigureAwait(false) is { } used)
        {
            return used;
        }

        submission = submission with { Definition = _cache.Pin(submission.Header.DefinitionVersion, submission.Definition) };
        var item = new CommitItem(submission.Header.Id, new WorkflowInput.Submit { At = _time.GetUtcNow(), Origin = submission.Origin, Takeovers = submission.Takeovers }) { Submission = submission };
        if (_committer.TrySubmit(item) is not { } submitted)
        {
            return new SubmitOutcome.Overloaded(TimeSpan.FromSeconds(1));
        }

        var result = await submitted.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (result.Status is CommitStatus.KeyUsed)
        {
            return await FindUsedAsync(submission.Idempotency!, cancellationToken).ConfigureAwait(false)
                ?? throw new StoreUnavailableException("The idempotency key is used, but its workflow is not there. Try again.");
        }

        return new SubmitOutcome.Accepted(result.Workflow!.ToStored());
    }

    /// <summary>Ends a workflow. Its agents stop within two seconds; it is canceled at once all the same.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="by">Who. Null: not known.</param>
    /// <param name="reason">Why. Null: not said.</param>
    /// <param name="cancellationToken">Ends the wait, not the storing.</param>
    public Task<CommandOutcome> CancelAsync(WorkflowId id, string? by, string? reason, CancellationToken cancellationToken) =>
        ApplyAsync(id, new WorkflowInput.Cancel(by, reason) { At = _time.GetUtcNow() }, cancellationToken);

    /// <summary>Lets no further attempt start. Those under way finish.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="by">Who. Null: not known.</param>
    /// <param name="reason">Why. Null: not said.</param>
    /// <param name="cancellationToken">Ends the wait, not the storing.</param>
    public Task<CommandOutcome> PauseAsync(WorkflowId id, string? by, string? reason, CancellationToken cancellationToken) =>
        ApplyAsync(id, new WorkflowInput.Pause(by, reason) { At = _time.GetUtcNow() }, cancellationToken);

    /// <summary>Goes on after a pause.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="by">Who. Null: not known.</param>
    /// <param name="cancellationToken">Ends the wait, not the storing.</param>
    public Task<CommandOutcome> ResumeAsync(WorkflowId id, string? by, CancellationToken cancellationToken) =>
        ApplyAsync(id, new WorkflowInput.Resume(by) { At = _time.GetUtcNow() }, cancellationToken);

    /// <summary>Runs stages of an ended workflow again.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="fromStage">The stage to begin with; all that depend on it run again too. Null: those that did not complete.</param>
    /// <param name="by">Who. Null: not known.</param>
    /// <param name="cancellationToken">Ends the wait, not the storing.</param>
    public Task<CommandOutcome> RetryAsync(WorkflowId id, string? fromStage, string? by, CancellationToken cancellationToken) =>
        ApplyAsync(id, new WorkflowInput.Retry(fromStage, by) { At = _time.GetUtcNow() }, cancellationToken);

    /// <summary>Goes on with a workflow that ended without success: the stages that did not complete run again, and loops among them go on from their last checkpoint with more iterations.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="iterations">How many iterations more.</param>
    /// <param name="by">Who. Null: not known.</param>
    /// <param name="cancellationToken">Ends the wait, not the storing.</param>
    public Task<CommandOutcome> ExtendAsync(WorkflowId id, int iterations, string? by, CancellationToken cancellationToken) =>
        ApplyAsync(id, new WorkflowInput.Retry(FromStage: null, by, iterations) { At = _time.GetUtcNow() }, cancellationToken);

    /// <summary>Decides the question that a stage asks.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="decision">The decision.</param>
    /// <param name="seenVersion">The version that the person saw. Null: not checked.</param>
    /// <param name="cancellationToken">Ends the wait, not the storing.</param>
    public Task<CommandOutcome> DecideAsync(WorkflowId id, string stage, ApprovalDecision decision, long? seenVersion, CancellationToken cancellationToken) =>
        AnswerAsync(id, stage, decision, new DecisionGuard { Version = seenVersion }, cancellationToken);

    /// <summary>Decides the question that a stage asks, if it is still what the person saw and may decide.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="decision">The decision; with an effect when the person changed it.</param>
    /// <param name="seen">What the person saw, and goes by.</param>
    /// <param name="cancellationToken">Ends the wait, not the storing.</param>
    public Task<CommandOutcome> AnswerAsync(WorkflowId id, string stage, ApprovalDecision decision, DecisionGuard seen, CancellationToken cancellationToken) => ApplyAsync(
        id,
        new WorkflowInput.Decide(stage, decision, seen.Version) { At = _time.GetUtcNow(), Approval = seen.Approval, SeenHash = seen.Hash, Roles = seen.Roles },
        cancellationToken);

    private async Task<SubmitOutcome?> FindUsedAsync(IdempotencyRecord wanted, CancellationToken cancellationToken)
    {
        if (await _store.FindIdempotencyKeyAsync(wanted.Key, cancellationToken).ConfigureAwait(false) is not { } used)
        {
            return null;
        }

        if (used.RequestHash != wanted.RequestHash)
        {
            return new SubmitOutcome.KeyMismatch(used.WorkflowId);
        }

        var stored = await _store.LoadAsync([used.WorkflowId], cancellationToken).ConfigureAwait(false);
        return stored.Count == 0 ? null : new SubmitOutcome.Replayed(stored[0]);
    }

    private async Task<CommandOutcome> ApplyAsync(WorkflowId id, WorkflowInput input, CancellationToken cancellationToken)
    {
        var result = await _committer.SubmitAsync(new CommitItem(id, input), cancellationToken).ConfigureAwait(false);
        if (result.Workflow is not { } workflow || result.Decision is not { } decision)
        {
            return new CommandOutcome.NotFound();
        }

        return decision.Verdict is Verdict.Applied or Verdict.NoChange ? new CommandOutcome.Applied(workflow.ToStored())
            : decision.Verdict is Verdict.Forbidden ? new CommandOutcome.Forbidden(decision.Reason ?? "Somebody else may decide.")
            : new CommandOutcome.Refused(workflow.ToStored(), decision.Reason ?? "The workflow does not allow it now.");
    }
}
