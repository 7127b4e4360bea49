using Npgsql;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

internal sealed partial class PostgresStore
{
    /// <inheritdoc />
    public async Task<IReadOnlyList<ApprovalRecord>> ListApprovalsAsync(ApprovalQuery query, CancellationToken cancellationToken)
    {
        var conditions = new List<string>(3);
        var parameters = new List<NpgsqlParameter>(4);
        if (query.WorkflowId is { } workflow)
        {
            parameters.Add(Uuid(workflow));
            conditions.Add($"workflow_id = ${parameters.Count}");
        }

        if (query.Status is { } status)
        {
            parameters.Add(Text(StatusNames.Of(status)));
            conditions.Add($"status = ${parameters.Count}");
        }

        if (query.Before is { } before)
        {
            parameters.Add(Uuid(before.Value));
            conditions.Add($"(asked_at, id) < (SELECT b.asked_at, b.id FROM approvals b WHERE b.id = ${parameters.Count})");
        }

        parameters.Add(Long(query.Limit));
        var where = conditions.Count == 0 ? "" : $"WHERE {string.Join(" AND ", conditions)}";
        return await _connections.RowsAsync($"SELECT record FROM approvals {where} ORDER BY asked_at DESC, id DESC LIMIT ${parameters.Count}", parameters, Approval, cancellationToken);
    }

    /// <inheritdoc />
    public Task<ApprovalRecord?> FindApprovalAsync(ApprovalId id, CancellationToken cancellationToken) =>
        _connections.FirstAsync<ApprovalRecord>("SELECT record FROM approvals WHERE id = $1", [Uuid(id.Value)], Approval, cancellationToken);

    /// <inheritdoc />
    public async Task<IReadOnlyList<ApprovalRecord>> ListUnexecutedAsync(int limit, CancellationToken cancellationToken) =>
        await _connections.RowsAsync("SELECT record FROM approvals WHERE unexecuted ORDER BY asked_at, id LIMIT $1", [Long(limit)], Approval, cancellationToken);

    /// <inheritdoc />
    public async Task<bool> AddLinkAsync(ApprovalLink link, CancellationToken cancellationToken) => await _connections.ExecuteAsync(
        "INSERT INTO approval_links (token_hash, approval_id, link) SELECT $1, id, $2 FROM approvals WHERE id = $3",
        [Text(link.TokenHash), Json(JsonPayload.From(link)), Uuid(link.ApprovalId.Value)],
        cancellationToken) > 0;

    /// <inheritdoc />
    public Task<ApprovalLink?> FindLinkAsync(string tokenHash, CancellationToken cancellationToken) => _connections.FirstAsync<ApprovalLink>(
        "SELECT link FROM approval_links WHERE token_hash = $1", [Text(PostgresText.Storable(tokenHash))], row => row.Json<ApprovalLink>(0)!, cancellationToken);

    /// <inheritdoc />
    public async Task<bool> LimitOnceAsync(Guid id, string key, BudgetLimits named, BudgetLimits defaults, DateTimeOffset at, CancellationToken cancellationToken) => (await _connections.RowsAsync(
        LimitBudgetOnce,
        [
            Uuid(id), Text(PostgresText.Storable(key)), LongOrNull(named.MoneyNano), LongOrNull(named.Tokens), LongOrNull(named.Calls), LongOrNull(named.WallClock?.Ticks), Time(at),
            LongOrNull(defaults.MoneyNano), LongOrNull(defaults.Tokens), LongOrNull(defaults.Calls), LongOrNull(defaults.WallClock?.Ticks),
        ],
        row => row.GetBoolean(0),
        cancellationToken))[0];

    private static ApprovalRecord Approval(NpgsqlDataReader row) => row.Json<ApprovalRecord>(0)!;

    private const string LimitBudgetOnce = """
        WITH first AS (INSERT INTO budget_changes (id, at) VALUES ($1, $7) ON CONFLICT (id) DO NOTHING RETURNING id),
        changed AS (
            INSERT INTO budgets AS b (key, has_limits, limit_money, limit_tokens, limit_calls, limit_ticks, opened_at)
            SELECT $2, true, coalesce($3, $8), coalesce($4, $9), coalesce($5, $10), coalesce($6, $11), $7 FROM first
            ON CONFLICT (key) DO UPDATE SET has_limits = true,
                limit_money = coalesce($3, CASE WHEN b.has_limits THEN b.limit_money ELSE $8 END),
                limit_tokens = coalesce($4, CASE WHEN b.has_limits THEN b.limit_tokens ELSE $9 END),
                limit_calls = coalesce($5, CASE WHEN b.has_limits THEN b.limit_calls ELSE $10 END),
                limit_ticks = coalesce($6, CASE WHEN b.has_limits THEN b.limit_ticks ELSE $11 END))
        SELECT EXISTS (SELECT FROM first)
        """;
}
