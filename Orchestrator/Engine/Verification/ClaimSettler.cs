using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Takes a verdict to the committer. A claim that holds counts on the head as it is then: when others moved it meanwhile, what was checked is merged with it.</summary>
internal sealed class ClaimSettler(Committer committer, WorkflowCache cache, IWorkspaces workspaces, TimeProvider time)
{
    private const int MaxTries = 20;

    /// <exception cref="StoreUnavailableException">It may be stored or not, or the head kept moving.</exception>
    public async Task SettleAsync(ClaimToVerify claim, VerificationOutcome outcome, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var item = await VerdictOfAsync(claim, outcome, cancellationToken).ConfigureAwait(false);
            if ((await committer.SubmitAsync(item, cancellationToken).ConfigureAwait(false)).Status is not CommitStatus.HeadMoved)
            {
                return;
            }
        }

        throw new StoreUnavailableException("The workflow's head kept moving while a verdict was handed in.");
    }

    private async Task<CommitItem> VerdictOfAsync(ClaimToVerify claim, VerificationOutcome outcome, CancellationToken cancellationToken)
    {
        var (id, stage, attempt) = (claim.TaskId.WorkflowId, claim.TaskId.Stage, claim.TaskId.Attempt);
        var verdict = new WorkflowInput.Judge(stage, attempt) { At = time.GetUtcNow() };
        switch (outcome)
        {
            case VerificationOutcome.Refuted refuted:
                return new CommitItem(id, verdict with { Error = refuted.Error, Evidence = refuted.Evidence });
            case VerificationOutcome.Unable unable:
                return new CommitItem(id, verdict with { Error = unable.Error });
        }

        verdict = verdict with { Evidence = (outcome as VerificationOutcome.Holds)?.Evidence };
        if (claim.Claim.Commit is not { } commit)
        {
            return new CommitItem(id, verdict);
        }

        var head = (await cache.GetAsync(id, cancellationToken).ConfigureAwait(false))?.State.HeadCommit;
        var integrated = head == claim.Claim.Base
            ? new IntegrationOutcome.Integrated(commit)
            : await workspaces.IntegrateAsync(claim.TaskId, head, new WorkspaceChange { Commit = commit }, cancellationToken).ConfigureAwait(false);
        verdict = integrated switch
        {
            IntegrationOutcome.Integrated fits => verdict with { Commit = fits.Commit },
            IntegrationOutcome.Conflicting conflicting => verdict with { Error = ResultIntake.ConflictError(conflicting) },
            IntegrationOutcome.Missing missing => verdict with { Error = ResultIntake.MissingError(missing) },
            _ => throw new InvalidOperationException($"{integrated.GetType().Name} has no handling."),
        };
        return new CommitItem(id, verdict) { ChecksHead = true, ExpectedHead = head };
    }
}
