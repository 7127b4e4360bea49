using Stack.Contracts;

namespace Stack.Engine;

/// <summary>One input on its way through the committer.</summary>
internal sealed class CommitItem(WorkflowId workflowId, WorkflowInput? input)
{
    private readonly TaskCompletionSource<CommitResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WorkflowId WorkflowId { get; } = workflowId;

    /// <summary>The input. Null: it only wakes the committer.</summary>
    public WorkflowInput? Input { get; } = input;

    /// <summary>The submission of a new workflow. Null: it exists.</summary>
    public WorkflowSubmission? Submission { get; init; }

    /// <summary>Whether the input holds only while the head commit is <see cref="ExpectedHead"/>.</summary>
    public bool ChecksHead { get; init; }

    public string? ExpectedHead { get; init; }

    public int Tries { get; set; }

    public Task<CommitResult> Task => _done.Task;

    public void Complete(CommitResult result) => _done.TrySetResult(result);

    public void Fail(Exception exception) => _done.TrySetException(exception);
}

/// <summary>What became of an input.</summary>
/// <param name="Status">What.</param>
/// <param name="Decision">The decision. Null when there was none.</param>
/// <param name="Workflow">The workflow afterwards. Null when there is none.</param>
internal readonly record struct CommitResult(CommitStatus Status, Decision? Decision, HotWorkflow? Workflow);

internal enum CommitStatus
{
    /// <summary>There is a decision, and what it changed is durable.</summary>
    Decided,

    /// <summary>There is no such workflow.</summary>
    NotFound,

    /// <summary>The head commit is another one than expected.</summary>
    HeadMoved,

    /// <summary>The idempotency key was used in the meantime.</summary>
    KeyUsed,
}
