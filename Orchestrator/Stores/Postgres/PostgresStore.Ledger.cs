using Npgsql;
using NpgsqlTypes;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

internal sealed partial class PostgresStore
{
    /// <inheritdoc />
    public Task<BudgetRefusal?> ReserveAsync(ReservationRequest request, CancellationToken cancellationToken)
    {
        var claims = request.Budgets.OrderBy(claim => claim.Key, StringComparer.Ordinal).ToList();
        return _connections.FirstAsync(
            "SELECT * FROM ledger_reserve($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            [
                Uuid(request.Id), new() { Value = claims.Select(claim => PostgresText.Storable(claim.Key)!).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
                Longs(claims, limits => limits.MoneyNano), Longs(claims, limits => limits.Tokens), Longs(claims, limits => limits.Calls), Longs(claims, limits => limits.WallClock?.Ticks),
                Long(request.Worst.MoneyNano), Long(request.Worst.Tokens), Long(request.Worst.Calls), Time(request.At), Time(request.ExpiresAt),
            ],
            row => new BudgetRefusal(row.GetString(0), row.GetString(1), Limits(row, 2), Amount(row, 6), Amount(row, 9)),
            cancellationToken);
    }

    /// <inheritdoc />
    public async Task<bool> SettleAsync(Guid id, Amount used, CancellationToken cancellationToken) =>
        (await _connections.RowsAsync(
            "SELECT ledger_settle($1, $2, $3, $4)", [Uuid(id), Long(used.MoneyNano), Long(used.Tokens), Long(used.Calls)], row => row.GetBoolean(0), cancellationToken))[0];

    /// <inheritdoc />
    public async Task<int> ExpireAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        // One by one: each locks its budgets in their order, and whoever comes second finds it gone.
        var late = await _connections.RowsAsync(
            "SELECT id, money, tokens, calls FROM reservations WHERE expires_at <= $1 ORDER BY expires_at LIMIT 1000", [Time(now)], row => (Id: row.GetGuid(0), Worst: Amount(row, 1)), cancellationToken);
        var count = 0;
        foreach (var (id, worst) in late)
        {
            count += await SettleAsync(id, worst, cancellationToken) ? 1 : 0;
        }

        return count;
    }

    /// <inheritdoc />
    public async Task<BudgetLine> LimitAsync(string key, BudgetLimits? limits, DateTimeOffset at, CancellationToken cancellationToken) => (await _connections.FirstAsync(
        LimitBudget,
        [
            Text(PostgresText.Storable(key)), new() { Value = limits is not null, NpgsqlDbType = NpgsqlDbType.Boolean }, LongOrNull(limits?.MoneyNano), LongOrNull(limits?.Tokens), LongOrNull(limits?.Calls),
            LongOrNull(limits?.WallClock?.Ticks), Time(at),
        ],
        Budget,
        cancellationToken))!;

    /// <inheritdoc />
    public async Task<IReadOnlyList<BudgetLine>> ListBudgetsAsync(string prefix, int limit, CancellationToken cancellationToken) =>
        await _connections.RowsAsync($"SELECT {BudgetColumns} FROM budgets WHERE starts_with(key, $1) ORDER BY key LIMIT $2", [Text(PostgresText.Storable(prefix)), Long(limit)], Budget, cancellationToken);

    private static BudgetLine Budget(NpgsqlDataReader row) =>
        new(row.GetString(0), row.GetBoolean(1) ? Limits(row, 2) : null, Amount(row, 6), Amount(row, 9), row.Time(12));

    private static BudgetLimits Limits(NpgsqlDataReader row, int first) => new(
        LongOrNull(row, first), LongOrNull(row, first + 1), LongOrNull(row, first + 2), LongOrNull(row, first + 3) is { } ticks ? TimeSpan.FromTicks(ticks) : null);

    private static Amount Amount(NpgsqlDataReader row, int first) => new(row.GetInt64(first), row.GetInt64(first + 1), row.GetInt64(first + 2));

    private static long? LongOrNull(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private static NpgsqlParameter LongOrNull(long? number) => new() { Value = number ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint };

    private static NpgsqlParameter Longs(List<BudgetClaim> claims, Func<BudgetLimits, long?> limit) =>
        new() { Value = claims.Select(claim => limit(claim.Limits)).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };

    private static NpgsqlParameter<Guid> Uuid(Guid id) => new() { TypedValue = id, NpgsqlDbType = NpgsqlDbType.Uuid };

    private const string BudgetColumns =
        "key, has_limits, limit_money, limit_tokens, limit_calls, limit_ticks, spent_money, spent_tokens, spent_calls, reserved_money, reserved_tokens, reserved_calls, opened_at";

    private const string LimitBudget = $"""
        INSERT INTO budgets (key, has_limits, limit_money, limit_tokens, limit_calls, limit_ticks, opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (key) DO UPDATE SET has_limits = excluded.has_limits, limit_money = excluded.limit_money, limit_tokens = excluded.limit_tokens,
            limit_calls = excluded.limit_calls, limit_ticks = excluded.limit_ticks
        RETURNING {BudgetColumns}
        """;
}
