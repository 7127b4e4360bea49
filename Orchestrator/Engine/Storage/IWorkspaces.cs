using Stack.Contracts;

namespace Stack.Engine;

/// <summary>The git repositories of workflows, one bare repository each, as the engine needs them. Thread-safe.</summary>
public interface IWorkspaces
{
    /// <summary>Where an attempt works. Does no I/O.</summary>
    /// <param name="taskId">The attempt.</param>
    /// <param name="baseCommit">The commit to start from. Null: the repository is empty.</param>
    WorkspaceReference Describe(TaskId taskId, string? baseCommit);

    /// <summary>
    /// Prepares a pushed commit to count: checks that it is in the repository, and when the head has moved since the attempt began, merges it with the head. Idempotent; moves no branch.
    /// </summary>
    /// <param name="taskId">The attempt.</param>
    /// <param name="head">The commit that holds what counted so far. Null: nothing did.</param>
    /// <param name="change">What the attempt pushed.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IntegrationOutcome> IntegrateAsync(TaskId taskId, string? head, WorkspaceChange change, CancellationToken cancellationToken);

    /// <summary>Moves the workflow's branch, and other references, to what counted. Called after the commit of the result, and again after a crash: idempotent.</summary>
    /// <param name="workflowId">The workflow.</param>
    /// <param name="head">The commit that holds what counted so far.</param>
    /// <param name="references">Other references to move forward, or to create.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task AdvanceAsync(WorkflowId workflowId, string head, IReadOnlyList<ReferenceUpdate> references, CancellationToken cancellationToken);

    /// <summary>Removes the repositories of workflows that are pruned. Idempotent. One that cannot be removed is logged, and holds up no other.</summary>
    /// <param name="ids">The workflows.</param>
    /// <param name="cancellationToken">Ends the call between repositories.</param>
    Task RemoveAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken);
}

/// <summary>Whether a pushed commit can count. A closed union.</summary>
public abstract record IntegrationOutcome
{
    private IntegrationOutcome()
    {
    }

    /// <summary>It can.</summary>
    /// <param name="Commit">The new head: the pushed commit, or its merge with the head.</param>
    public sealed record Integrated(string Commit) : IntegrationOutcome;

    /// <summary>It cannot: others changed the same places.</summary>
    /// <param name="Files">The files in conflict.</param>
    public sealed record Conflicting(IReadOnlyList<string> Files) : IntegrationOutcome;

    /// <summary>The repository does not have it.</summary>
    /// <param name="Commit">The commit that was named.</param>
    public sealed record Missing(string Commit) : IntegrationOutcome;
}
