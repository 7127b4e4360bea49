using Stack.Contracts;

namespace Stack.Engine;

public sealed partial class InMemoryStore
{
    /// <inheritdoc />
    public Task<IReadOnlyList<ApprovalRecord>> ListApprovalsAsync(ApprovalQuery query, CancellationToken cancellationToken) =>
        Read<IReadOnlyList<ApprovalRecord>>(
            state =>
            {
                var before = query.Before is { } id ? state.Approvals.GetValueOrDefault(id) : null;
                return query.Before is not null && before is null
                    ? []
                    : [
                        .. state.Approvals.Values
                            .Where(approval =>
                                (query.Status is null || approval.Status == query.Status)
                                && (query.WorkflowId is null || approval.WorkflowId == query.WorkflowId)
                                && (before is null || Order(approval).CompareTo(Order(before)) < 0))
                            .OrderByDescending(Order).Take(query.Limit),
                    ];
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<ApprovalRecord?> FindApprovalAsync(ApprovalId id, CancellationToken cancellationToken) => Read(state => state.Approvals.GetValueOrDefault(id), cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<ApprovalRecord>> ListUnexecutedAsync(int limit, CancellationToken cancellationToken) =>
        Read<IReadOnlyList<ApprovalRecord>>(state => [.. state.Approvals.Values.Where(approval => approval.IsUnexecuted).OrderBy(Order).Take(limit)], cancellationToken);

    /// <inheritdoc />
    public Task<bool> AddLinkAsync(ApprovalLink link, CancellationToken cancellationToken) =>
        Write(state => state.Approvals.ContainsKey(link.ApprovalId) ? (state with { Links = state.Links.Add(link.TokenHash, link) }, true) : (state, false), cancellationToken);

    /// <inheritdoc />
    public Task<ApprovalLink?> FindLinkAsync(string tokenHash, CancellationToken cancellationToken) => Read(state => state.Links.GetValueOrDefault(tokenHash), cancellationToken);

    private static (DateTimeOffset AskedAt, Guid Id) Order(ApprovalRecord approval) => (approval.AskedAt, approval.Id.Value);
}
