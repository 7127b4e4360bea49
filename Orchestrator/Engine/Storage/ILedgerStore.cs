namespace Stack.Engine;

/// <summary>
/// Keeps what model calls may cost and do cost. A budget is one row that is meter and gate at once: a call is first reserved at its worst case on all its budgets together, or on none;
/// then settled at what it used, or released. Budgets of a workflow (<c>workflow/ID</c>, <c>workflow/ID/…</c>) are removed with it. Thread-safe; durable on return; several orchestrators may share it.
/// </summary>
public interface ILedgerStore
{
    /// <summary>Reserves a call on all its budgets, in one step. A budget that was never used is opened.</summary>
    /// <param name="request">The call.</param>
    /// <param name="cancellationToken">Ends the call; nothing is reserved then, or it expires.</param>
    /// <returns>Null when it is reserved; otherwise the first budget, by key, that does not cover it.</returns>
    Task<BudgetRefusal?> ReserveAsync(ReservationRequest request, CancellationToken cancellationToken);

    /// <summary>Books what a reserved call used, and frees the rest. More than was reserved is booked as it is.</summary>
    /// <param name="id">The reservation.</param>
    /// <param name="used">What it used.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False: there is no such reservation, it was settled, released or expired before; nothing was booked.</returns>
    Task<bool> SettleAsync(Guid id, Amount used, CancellationToken cancellationToken);

    /// <summary>Frees what a reservation holds. The same as settling it at nothing.</summary>
    /// <param name="id">The reservation.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False: there is no such reservation.</returns>
    Task<bool> ReleaseAsync(Guid id, CancellationToken cancellationToken) => SettleAsync(id, Amount.Zero, cancellationToken);

    /// <summary>Books reservations that nobody settled in time at their worst case: whoever made them died, and the money may be gone.</summary>
    /// <param name="now">The present.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>How many there were.</returns>
    Task<int> ExpireAsync(DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Sets a budget's own limits, which replace those that its calls bring; opens it when it was never used.</summary>
    /// <param name="key">The budget.</param>
    /// <param name="limits">The limits. Null: those that its calls bring hold again.</param>
    /// <param name="at">The present.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What stands now.</returns>
    Task<BudgetLine> LimitAsync(string key, BudgetLimits? limits, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>
    /// Sets some of a budget's own limits once: whoever says the same id again, here or elsewhere, changes nothing, also when the limits were changed in between. What is not named stays as it is,
    /// so that several changes at once lose nothing of one another.
    /// </summary>
    /// <param name="id">Names the change; the id of the approval that allowed it.</param>
    /// <param name="key">The budget.</param>
    /// <param name="named">The limits to set. Null, of a kind: not named.</param>
    /// <param name="defaults">Those that hold, of the kinds that are not named, when the budget has none of its own.</param>
    /// <param name="at">The present.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Whether they were set now. False: they were set before under this id.</returns>
    Task<bool> LimitOnceAsync(Guid id, string key, BudgetLimits named, BudgetLimits defaults, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Budgets by key.</summary>
    /// <param name="prefix">What their keys begin with; empty: all.</param>
    /// <param name="limit">The most that are returned.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<BudgetLine>> ListBudgetsAsync(string prefix, int limit, CancellationToken cancellationToken);
}

/// <summary>An amount of what budgets count.</summary>
/// <param name="MoneyNano">Money in billionths of a dollar.</param>
/// <param name="Tokens">Tokens, read and written.</param>
/// <param name="Calls">Calls.</param>
public readonly record struct Amount(long MoneyNano, long Tokens, long Calls)
{
    /// <summary>How many billionths a dollar has.</summary>
    public const long NanoPerDollar = 1_000_000_000;

    /// <summary>Nothing.</summary>
    public static Amount Zero => default;

    /// <summary>The sum.</summary>
    public static Amount operator +(Amount a, Amount b) => new(a.MoneyNano + b.MoneyNano, a.Tokens + b.Tokens, a.Calls + b.Calls);

    /// <summary>The difference.</summary>
    public static Amount operator -(Amount a, Amount b) => new(a.MoneyNano - b.MoneyNano, a.Tokens - b.Tokens, a.Calls - b.Calls);
}

/// <summary>The limits of a budget. Null: none of this kind.</summary>
/// <param name="MoneyNano">Money in billionths of a dollar.</param>
/// <param name="Tokens">Tokens, read and written.</param>
/// <param name="Calls">Calls.</param>
/// <param name="WallClock">Time since the budget was opened, by its first call.</param>
public sealed record BudgetLimits(long? MoneyNano = null, long? Tokens = null, long? Calls = null, TimeSpan? WallClock = null)
{
    /// <summary>No limit of any kind.</summary>
    public static BudgetLimits None { get; } = new();

    /// <summary>A part of the limits, for a child. The clock is not divided: all children share it.</summary>
    /// <param name="share">More than 0, at most 1.</param>
    public BudgetLimits Slice(decimal share) => new((long?)(MoneyNano * share), (long?)(Tokens * share), (long?)(Calls * share), WallClock);

    /// <summary>These limits, and the other's of the kinds that have none.</summary>
    /// <param name="other">The other limits.</param>
    public BudgetLimits Over(BudgetLimits other) => new(MoneyNano ?? other.MoneyNano, Tokens ?? other.Tokens, Calls ?? other.Calls, WallClock ?? other.WallClock);

    /// <summary>Both limits: whichever is less, of each kind.</summary>
    /// <param name="other">The other limits.</param>
    public BudgetLimits Within(BudgetLimits other) => new(Least(MoneyNano, other.MoneyNano), Least(Tokens, other.Tokens), Least(Calls, other.Calls), Least(WallClock, other.WallClock));

    /// <summary>What does not cover a call.</summary>
    /// <param name="held">What is spent and reserved.</param>
    /// <param name="worst">The call's worst case.</param>
    /// <param name="open">How long the budget is open.</param>
    /// <returns><c>money</c>, <c>tokens</c>, <c>calls</c> or <c>wall_clock</c>; null when everything covers it.</returns>
    public string? Refuses(Amount held, Amount worst, TimeSpan open) =>
        MoneyNano is { } money && worst.MoneyNano > 0 && held.MoneyNano + worst.MoneyNano > money ? "money"
        : Tokens is { } tokens && worst.Tokens > 0 && held.Tokens + worst.Tokens > tokens ? "tokens"
        : Calls is { } calls && held.Calls + worst.Calls > calls ? "calls"
        : WallClock is { } clock && open >= clock ? "wall_clock"
        : null;

    private static T? Least<T>(T? a, T? b)
        where T : struct, IComparable<T> => a is { } one && b is { } two ? (one.CompareTo(two) <= 0 ? one : two) : a ?? b;
}

/// <summary>A call before it is made.</summary>
/// <param name="Id">Chosen by the caller, never used before.</param>
/// <param name="Worst">The most that it can use.</param>
/// <param name="Budgets">Its budgets and the limits that they have unless they were set; no key twice.</param>
/// <param name="At">The present.</param>
/// <param name="ExpiresAt">When it counts as spent if nobody settled it.</param>
public sealed record ReservationRequest(Guid Id, Amount Worst, IReadOnlyList<BudgetClaim> Budgets, DateTimeOffset At, DateTimeOffset ExpiresAt);

/// <summary>A budget that a call is booked on.</summary>
/// <param name="Key">Which, for example <c>workflow/ID</c>.</param>
/// <param name="Limits">Its limits, unless it has its own.</param>
public sealed record BudgetClaim(string Key, BudgetLimits Limits);

/// <summary>A budget does not cover a call.</summary>
/// <param name="Key">Which.</param>
/// <param name="What"><c>money</c>, <c>tokens</c>, <c>calls</c> or <c>wall_clock</c>.</param>
/// <param name="Limits">The limits that hold.</param>
/// <param name="Spent">What is booked.</param>
/// <param name="Reserved">What other calls hold.</param>
public sealed record BudgetRefusal(string Key, string What, BudgetLimits Limits, Amount Spent, Amount Reserved);

/// <summary>A budget as it stands.</summary>
/// <param name="Key">Which.</param>
/// <param name="Limits">Its own limits. Null: those that its calls bring.</param>
/// <param name="Spent">What is booked.</param>
/// <param name="Reserved">What calls hold that are on their way.</param>
/// <param name="OpenedAt">When its first call was reserved, or its limits were set.</param>
public sealed record BudgetLine(string Key, BudgetLimits? Limits, Amount Spent, Amount Reserved, DateTimeOffset OpenedAt);
