using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Takes one result to its receipt: makes its commit fit the head, lets the core decide, and waits until that is durable.</summary>
internal sealed class ResultIntake(Committer committer, WorkflowCache cache, IWorkspaces workspaces, TimeProvider time)
{
    private const int MaxTries = 10;

    // Results of parallel stages are merged one after the other; otherwise all but one would be merged in vain.
    private readonly AsyncGate[] _gates = [.. Enumerable.Range(0, 32).Select(_ => new AsyncGate())];

    public async Task<ResultReceipt> TakeAsync(ResultEnvelope result, CancellationToken cancellationToken)
    {
        if (result.Change is null || result.Outcome is not StageOutcome.Completed)
        {
            var report = new WorkflowInput.Report { At = time.GetUtcNow(), Result = result };
            return Receipt(result.TaskId, await committer.SubmitAsync(new CommitItem(result.TaskId.WorkflowId, report), cancellationToken).ConfigureAwait(false));
        }

        var gate = _gates[(uint)result.TaskId.WorkflowId.GetHashCode() % _gates.Length];
        using (await gate.EnterAsync(cancellationToken).ConfigureAwait(false))
        {
            return await TakeWithCommitAsync(result, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<ResultReceipt> TakeWithCommitAsync(ResultEnvelope result, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var item = await IntegrateAsync(result, cancellationToken).ConfigureAwait(false);
            var decided = await committer.SubmitAsync(item, cancellationToken).ConfigureAwait(false);
            if (decided.Status is not CommitStatus.HeadMoved || tries == MaxTries)
            {
                return Receipt(result.TaskId, decided);
            }
        }
    }

    private async Task<CommitItem> IntegrateAsync(ResultEnvelope result, CancellationToken cancellationToken)
    {
        var workflow = await cache.GetAsync(result.TaskId.WorkflowId, cancellationToken).ConfigureAwait(false);
        var now = time.GetUtcNow();
        if (workflow is null || !workflow.IsOutstanding(result.TaskId))
        {
            return new CommitItem(result.TaskId.WorkflowId, new WorkflowInput.Report { At = now, Result = result });
        }

        var head = workflow.State.HeadCommit;
        var outcome = await workspaces.IntegrateAsync(result.TaskId, head, result.Change!, cancellationToken).ConfigureAwait(false);
        var (counted, commit) = outcome switch
        {
            IntegrationOutcome.Integrated integrated => (result, integrated.Commit),
            IntegrationOutcome.Conflicting conflicting => (result with { Outcome = new StageOutcome.Failed { Error = ConflictError(conflicting) } }, null),
            IntegrationOutcome.Missing missing => (result with { Outcome = new StageOutcome.Failed { Error = MissingError(missing) } }, null),
            _ => throw new InvalidOperationException($"{outcome.GetType().Name} has no handling."),
        };
        return new CommitItem(result.TaskId.WorkflowId, new WorkflowInput.Report { At = now, Result = counted, Commit = commit }) { ChecksHead = true, ExpectedHead = head };
    }

    private static ResultReceipt Receipt(TaskId taskId, CommitResult decided)
    {
        var receipt = ReceiptFor(taskId, decided);
        EngineMetrics.Reported(receipt.Status);
        return receipt;
    }

    private static ResultReceipt ReceiptFor(TaskId taskId, CommitResult result) => result switch
    {
        { Status: CommitStatus.NotFound } => new ResultReceipt { TaskId = taskId, Status = ReceiptStatus.Unknown, Reason = $"There is no workflow {taskId.WorkflowId}." },
        { Decision: { Verdict: Verdict.Applied } } => new ResultReceipt { TaskId = taskId, Status = ReceiptStatus.Accepted },
        { Decision: { Verdict: Verdict.Duplicate } decision } => new ResultReceipt { TaskId = taskId, Status = ReceiptStatus.Duplicate, Reason = decision.Reason },
        { Decision: { Verdict: Verdict.Unknown } decision } => new ResultReceipt { TaskId = taskId, Status = ReceiptStatus.Unknown, Reason = decision.Reason },
        { Decision: { } decision } => new ResultReceipt { TaskId = taskId, Status = ReceiptStatus.Stale, Reason = decision.Reason },
        _ => throw new StoreUnavailableException("The workflow's head kept moving while a result was merged. Send the result again."),
    };

    internal static StructuredError ConflictError(IntegrationOutcome.Conflicting conflicting) => new()
    {
        Code = "merge_conflict",
        Category = ErrorCategory.Conflict,
        Class = FailureClass.Productive,
        Retryable = true,
        Message = $"Another stage changed the same places in: {string.Join(", ", conflicting.Files)}.",
        SuggestedAction = "The next attempt starts from the merged state. Let one stage need the other when both edit the same files.",
    };

    internal static StructuredError MissingError(IntegrationOutcome.Missing missing) => new()
    {
        Code = "commit_missing",
        Category = ErrorCategory.Dependency,
        Class = FailureClass.Infrastructure,
        Retryable = true,
        Message = $"The result names commit {missing.Commit}, which was not pushed to the workflow's repository.",
        SuggestedAction = "Push the attempt's branch before reporting its result.",
    };
}
