using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What is submitted.</summary>
public sealed record WorkflowSubmission
{
    /// <summary>What never changes.</summary>
    public required WorkflowHeader Header { get; init; }

    /// <summary>The definition that <see cref="WorkflowHeader.DefinitionVersion"/> names; it is in the store already.</summary>
    public required WorkflowDefinition Definition { get; init; }

    /// <summary>The idempotency key. Null: none.</summary>
    public IdempotencyRecord? Idempotency { get; init; }

    /// <summary>The workflow that it comes from. Null: none.</summary>
    public WorkflowOrigin? Origin { get; init; }

    /// <summary>What is taken over from it, in the order in which it was made. The commits are in the new workflow's repository already.</summary>
    public IReadOnlyList<StageTakeover> Takeovers { get; init; } = [];
}

/// <summary>What became of a submission. A closed union.</summary>
public abstract record SubmitOutcome
{
    private SubmitOutcome()
    {
    }

    /// <summary>It is stored and will run, whatever happens.</summary>
    /// <param name="Workflow">The workflow.</param>
    public sealed record Accepted(StoredWorkflow Workflow) : SubmitOutcome;

    /// <summary>The same request under the same key was accepted before.</summary>
    /// <param name="Workflow">The workflow as it is now.</param>
    public sealed record Replayed(StoredWorkflow Workflow) : SubmitOutcome;

    /// <summary>The key was used with another request. Nothing was stored.</summary>
    /// <param name="WorkflowId">The workflow that used it.</param>
    public sealed record KeyMismatch(WorkflowId WorkflowId) : SubmitOutcome;

    /// <summary>Too much is waiting to be stored. Nothing was stored.</summary>
    /// <param name="RetryAfter">When to try again.</param>
    public sealed record Overloaded(TimeSpan RetryAfter) : SubmitOutcome;
}

/// <summary>What became of a command to a workflow. A closed union.</summary>
public abstract record CommandOutcome
{
    private CommandOutcome()
    {
    }

    /// <summary>It is done, or was already so.</summary>
    /// <param name="Workflow">The workflow as it is now.</param>
    public sealed record Applied(StoredWorkflow Workflow) : CommandOutcome;

    /// <summary>There is no such workflow.</summary>
    public sealed record NotFound : CommandOutcome;

    /// <summary>Somebody else may decide.</summary>
    /// <param name="Message">Who, for a person.</param>
    public sealed record Forbidden(string Message) : CommandOutcome;

    /// <summary>The workflow does not allow it in the state that it is in.</summary>
    /// <param name="Workflow">The workflow as it is now.</param>
    /// <param name="Message">Why, with the remedy, for a person.</param>
    public sealed record Refused(StoredWorkflow Workflow, string Message) : CommandOutcome;
}
