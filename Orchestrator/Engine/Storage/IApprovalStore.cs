using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// Keeps the questions to people. They are written with the workflows that ask them (<see cref="WorkflowWrite.Approvals"/>), so that the inbox is never another one than what the workflows say; they go
/// when their workflows are pruned. Thread-safe; reads see everything committed before they began.
/// </summary>
public interface IApprovalStore
{
    /// <summary>Lists questions, newest first. Looks at no workflow; the cost of listing open ones does not grow with those that were decided.</summary>
    /// <param name="query">The filters.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<ApprovalRecord>> ListApprovalsAsync(ApprovalQuery query, CancellationToken cancellationToken);

    /// <summary>Reads one question. Null: there is none.</summary>
    /// <param name="id">The question.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<ApprovalRecord?> FindApprovalAsync(ApprovalId id, CancellationToken cancellationToken);

    /// <summary>What was approved and the orchestrator must still execute.</summary>
    /// <param name="limit">At most this many.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<ApprovalRecord>> ListUnexecutedAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Keeps a link to a question. Durable on return.</summary>
    /// <param name="link">The link; its hash was never used before.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False: there is no such question.</returns>
    Task<bool> AddLinkAsync(ApprovalLink link, CancellationToken cancellationToken);

    /// <summary>Reads a link. Null: there is none.</summary>
    /// <param name="tokenHash">The hash of its token.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<ApprovalLink?> FindLinkAsync(string tokenHash, CancellationToken cancellationToken);
}

/// <summary>Filters for questions; null means any.</summary>
public sealed record ApprovalQuery
{
    /// <summary>Where they stand.</summary>
    public ApprovalStatus? Status { get; init; }

    /// <summary>The workflow that asks.</summary>
    public WorkflowId? WorkflowId { get; init; }

    /// <summary>Only those that were asked before this one: the last of the page before. One that is not there: none.</summary>
    public ApprovalId? Before { get; init; }

    /// <summary>At most this many; 1 to 1,000.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>A link with which one question can be decided.</summary>
public sealed record ApprovalLink
{
    /// <summary>SHA-256 of the token, lower-case hexadecimal. The token itself is kept nowhere.</summary>
    public required string TokenHash { get; init; }

    /// <summary>The question.</summary>
    public required ApprovalId ApprovalId { get; init; }

    /// <summary>In whose name it decides.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>What that one goes by. Null: there were no keys.</summary>
    public IReadOnlyList<string>? Roles { get; init; }

    /// <summary>Until when it works.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}
