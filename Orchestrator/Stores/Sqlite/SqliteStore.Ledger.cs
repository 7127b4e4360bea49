using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

internal sealed partial class SqliteStore
{
    /// <inheritdoc />
    public Task<BudgetRefusal?> ReserveAsync(ReservationRequest request, CancellationToken cancellationToken) =>
        _writer.RunAsync(database => Reserve(database, request), cancellationToken);

    /// <inheritdoc />
    public Task<bool> SettleAsync(Guid id, Amount used, CancellationToken cancellationToken) =>
        _writer.RunAsync(database => Settle(database, id, used), cancellationToken);

    /// <inheritdoc />
    public Task<int> ExpireAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        _writer.RunAsync(
            database => database.Statement("SELECT id, money, tokens, calls FROM reservations WHERE expires_at <= ? LIMIT 1000").Bind(now)
                .Rows(row => (Id: Guid.Parse(row.Text(0)), Worst: new Amount(row.Int64(1), row.Int64(2), row.Int64(3))))
                .Count(late => Settle(database, late.Id, late.Worst)),
            cancellationToken);

    /// <inheritdoc />
    public Task<BudgetLine> LimitAsync(string key, BudgetLimits? limits, DateTimeOffset at, CancellationToken cancellationToken) =>
        _writer.RunAsync(
            database =>
            {
                Limit(database, key, limits, at);
                return FindBudget(database, key)!;
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<BudgetLine>> ListBudgetsAsync(string prefix, int limit, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyList<BudgetLine>>(
            database => database.Statement(SelectBudgets).Bind(prefix).Bind(limit).Rows(Budget),
            cancellationToken);

    private static void Limit(SqliteDatabase database, string key, BudgetLimits? limits, DateTimeOffset at)
    {
        database.Statement(OpenBudget).Bind(key).Bind(at).Run();
        database.Statement("UPDATE budgets SET has_limits = ?, limit_money = ?, limit_tokens = ?, limit_calls = ?, limit_ticks = ? WHERE key = ?")
            .Bind(limits is null ? 0 : 1).Bind(limits?.MoneyNano).Bind(limits?.Tokens).Bind(limits?.Calls).Bind(limits?.WallClock?.Ticks).Bind(key).Run();
    }

    private static BudgetRefusal? Reserve(SqliteDatabase database, ReservationRequest request)
    {
        foreach (var claim in request.Budgets.OrderBy(claim => claim.Key, StringComparer.Ordinal))
        {
            database.Statement(OpenBudget).Bind(claim.Key).Bind(request.At).Run();
            var line = FindBudget(database, claim.Key)!;
            var limits = line.Limits ?? claim.Limits;
            if (limits.Refuses(line.Spent + line.Reserved, request.Worst, request.At - line.OpenedAt) is { } what)
            {
                return new BudgetRefusal(claim.Key, what, limits, line.Spent, line.Reserved);
            }
        }

        foreach (var claim in request.Budgets)
        {
            database.Statement("UPDATE budgets SET reserved_money = reserved_money + ?, reserved_tokens = reserved_tokens + ?, reserved_calls = reserved_calls + ? WHERE key = ?")
                .Bind(request.Worst.MoneyNano).Bind(request.Worst.Tokens).Bind(request.Worst.Calls).Bind(claim.Key).Run();
        }

        database.Statement("INSERT INTO reservations (id, keys, money, tokens, calls, expires_at) VALUES (?, ?, ?, ?, ?, ?)")
            .Bind(request.Id.ToString()).Bind(JsonPayload.From(request.Budgets.Select(claim => claim.Key).ToList()))
            .Bind(request.Worst.MoneyNano).Bind(request.Worst.Tokens).Bind(request.Worst.Calls).Bind(request.ExpiresAt).Run();
        return null;
    }

    private static bool Settle(SqliteDatabase database, Guid id, Amount used)
    {
        if (database.Statement("SELECT keys, money, tokens, calls FROM reservations WHERE id = ?").Bind(id.ToString())
                .Rows(row => (Keys: row.Text(0), Worst: new Amount(row.Int64(1), row.Int64(2), row.Int64(3)))) is not [var (keys, worst)])
        {
            return false;
        }

        database.Statement("DELETE FROM reservations WHERE id = ?").Bind(id.ToString()).Run();
        foreach (var key in JsonSerializer.Deserialize<List<string>>(keys)!)
        {
            database.Statement(SettleBudget)
                .Bind(used.MoneyNano).Bind(used.Tokens).Bind(used.Calls).Bind(worst.MoneyNano).Bind(worst.Tokens).Bind(worst.Calls).Bind(key).Run();
        }

        return true;
    }

    private static BudgetLine? FindBudget(SqliteDatabase database, string key) => database.Statement($"SELECT {BudgetColumns} FROM budgets WHERE key = ?").Bind(key).First(Budget);

    private static BudgetLine Budget(SqliteStatement row) => new(
        row.Text(0),
        row.Int32(1) == 0 ? null : new BudgetLimits(LongOrNull(row, 2), LongOrNull(row, 3), LongOrNull(row, 4), LongOrNull(row, 5) is { } ticks ? TimeSpan.FromTicks(ticks) : null),
        new Amount(row.Int64(6), row.Int64(7), row.Int64(8)),
        new Amount(row.Int64(9), row.Int64(10), row.Int64(11)),
        row.Time(12));

    private static long? LongOrNull(SqliteStatement row, int column) => row.IsNull(column) ? null : row.Int64(column);

    private const string BudgetColumns =
        "key, has_limits, limit_money, limit_tokens, limit_calls, limit_ticks, spent_money, spent_tokens, spent_calls, reserved_money, reserved_tokens, reserved_calls, opened_at";

    internal const string SelectBudgets = $"SELECT {BudgetColumns} FROM budgets WHERE {BeginsSo} ORDER BY key LIMIT ?2";

    // A range of the key, which its index knows.
    private const string BeginsSo = "key >= ?1 AND key < ?1 || char(0x10FFFF)";

    private const string OpenBudget = "INSERT INTO budgets (key, opened_at) VALUES (?, ?) ON CONFLICT (key) DO NOTHING";

    private const string SettleBudget = """
        UPDATE budgets SET spent_money = spent_money + ?, spent_tokens = spent_tokens + ?, spent_calls = spent_calls + ?,
            reserved_money = reserved_money - ?, reserved_tokens = reserved_tokens - ?, reserved_calls = reserved_calls - ?
        WHERE key = ?
        """;
}
