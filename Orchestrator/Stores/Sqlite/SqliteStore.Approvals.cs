using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

internal sealed partial class SqliteStore
{
    /// <inheritdoc />
    public Task<IReadOnlyList<ApprovalRecord>> ListApprovalsAsync(ApprovalQuery query, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyList<ApprovalRecord>>(database => List(database, query), cancellationToken);

    /// <inheritdoc />
    public Task<ApprovalRecord?> FindApprovalAsync(ApprovalId id, CancellationToken cancellationToken) =>
        _readers.ReadAsync(database => database.Statement("SELECT record FROM approvals WHERE id = ?").Bind(id.ToString()).First(Approval), cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<ApprovalRecord>> ListUnexecutedAsync(int limit, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyList<ApprovalRecord>>(
            database => database.Statement("SELECT record FROM approvals WHERE unexecuted = 1 ORDER BY asked_at, id LIMIT ?").Bind(limit).Rows(Approval), cancellationToken);

    /// <inheritdoc />
    public Task<bool> AddLinkAsync(ApprovalLink link, CancellationToken cancellationToken) =>
        _writer.RunAsync(
            database => database.Statement("INSERT INTO approval_links (token_hash, approval_id, link) SELECT ?, id, ? FROM approvals WHERE id = ?")
                .Bind(link.TokenHash).Bind(JsonPayload.From(link)).Bind(link.ApprovalId.ToString()).Run() > 0,
            cancellationToken);

    /// <inheritdoc />
    public Task<ApprovalLink?> FindLinkAsync(string tokenHash, CancellationToken cancellationToken) =>
        _readers.ReadAsync(
            database => database.Statement("SELECT link FROM approval_links WHERE token_hash = ?").Bind(tokenHash).First(row => row.Json(0)!.To<ApprovalLink>()!), cancellationToken);

    /// <inheritdoc />
    public Task<bool> LimitOnceAsync(Guid id, string key, BudgetLimits named, BudgetLimits defaults, DateTimeOffset at, CancellationToken cancellationToken) =>
        _writer.RunAsync(
            database =>
            {
                if (database.Statement("INSERT INTO budget_changes (id, at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING").Bind(id.ToString()).Bind(at).Run() == 0)
                {
                    return false;
                }

                Limit(database, key, named.Over(FindBudget(database, key)?.Limits ?? defaults), at);
                return true;
            },
            cancellationToken);

    /// <summary>Writes a question as it is now, into the open transaction.</summary>
    internal static void Put(SqliteDatabase database, ApprovalRecord approval) =>
        database.Statement(UpsertApproval)
            .Bind(approval.Id.ToString()).Bind(approval.WorkflowId).Bind(approval.AskedAt).Bind(StatusNames.Of(approval.Status)).Bind(approval.IsUnexecuted ? 1 : 0)
            .BindUtf8(JsonSerializer.SerializeToUtf8Bytes(approval, StackJson.TypeOf<ApprovalRecord>())).Run();

    // A few statements, each with an index that gives its order: no question is sorted. Interned, since statements are kept by reference.
    private static List<ApprovalRecord> List(SqliteDatabase database, ApprovalQuery query)
    {
        var conditions = new List<string>(3);
        if (query.WorkflowId is not null)
        {
            conditions.Add("workflow_id = ?");
        }

        if (query.Status is not null)
        {
            conditions.Add("status = ?");
        }

        if (query.Before is not null)
        {
            conditions.Add("(asked_at, id) < (SELECT asked_at, id FROM approvals WHERE id = ?)");
        }

        var where = conditions.Count == 0 ? "" : $"WHERE {string.Join(" AND ", conditions)}";
        var select = database.Statement(string.Intern($"SELECT record FROM approvals {where} ORDER BY asked_at DESC, id DESC LIMIT ?"));
        if (query.WorkflowId is { } workflow)
        {
            select.Bind(workflow);
        }

        if (query.Status is { } status)
        {
            select.Bind(StatusNames.Of(status));
        }

        if (query.Before is { } before)
        {
            select.Bind(before.ToString());
        }

        return select.Bind(query.Limit).Rows(Approval);
    }

    private static ApprovalRecord Approval(SqliteStatement row) => JsonSerializer.Deserialize(row.Utf8(0), StackJson.TypeOf<ApprovalRecord>())!;

    private const string UpsertApproval = """
        INSERT INTO approvals (id, workflow_id, asked_at, status, unexecuted, record) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET status = excluded.status, unexecuted = excluded.unexecuted, record = excluded.record
        """;
}
