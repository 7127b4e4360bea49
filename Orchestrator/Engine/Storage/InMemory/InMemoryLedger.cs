using Stack.Contracts;

namespace Stack.Engine;

/// <summary>The ledger in memory: for hosts without a store, and for tests. Nothing is durable.</summary>
public sealed class InMemoryLedger : ILedgerStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, BudgetLine> _budgets = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, ReservationRequest> _reservations = [];
    private readonly HashSet<Guid> _changes = [];

    /// <inheritdoc />
    public Task<BudgetRefusal?> ReserveAsync(ReservationRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            foreach (var claim in request.Budgets.OrderBy(claim => claim.Key, StringComparer.Ordinal))
            {
                var line = Open(claim.Key, request.At);
                var limits = line.Limits ?? claim.Limits;
                if (limits.Refuses(line.Spent + line.Reserved, request.Worst, request.At - line.OpenedAt) is { } what)
                {
                    return Task.FromResult<BudgetRefusal?>(new BudgetRefusal(claim.Key, what, limits, line.Spent, line.Reserved));
                }
            }

            _reservations.Add(request.Id, request);
            foreach (var claim in request.Budgets)
            {
                _budgets[claim.Key] = _budgets[claim.Key] with { Reserved = _budgets[claim.Key].Reserved + request.Worst };
            }

            return Task.FromResult<BudgetRefusal?>(null);
        }
    }

    /// <inheritdoc />
    public Task<bool> SettleAsync(Guid id, Amount used, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return Task.FromResult(Settle(id, used));
        }
    }

    /// <inheritdoc />
    public Task<int> ExpireAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return Task.FromResult(_reservations.Values.Where(request => request.ExpiresAt <= now).ToList().Count(request => Settle(request.Id, request.Worst)));
        }
    }

    /// <inheritdoc />
    public Task<BudgetLine> LimitAsync(string key, BudgetLimits? limits, DateTimeOffset at, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return Task.FromResult(_budgets[key] = Open(key, at) with { Limits = limits });
        }
    }

    /// <inheritdoc />
    public Task<bool> LimitOnceAsync(Guid id, string key, BudgetLimits named, BudgetLimits defaults, DateTimeOffset at, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (!_changes.Add(id))
            {
                return Task.FromResult(false);
            }

            var line = Open(key, at);
            _budgets[key] = line with { Limits = named.Over(line.Limits ?? defaults) };
            return Task.FromResult(true);
        }
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<BudgetLine>> ListBudgetsAsync(string prefix, int limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<BudgetLine>>([.. _budgets.Values.Where(line => line.Key.StartsWith(prefix, StringComparison.Ordinal)).Take(limit)]);
        }
    }

    /// <summary>Forgets the budgets of workflows that are gone.</summary>
    /// <param name="workflows">The workflows.</param>
    internal void Forget(IReadOnlyCollection<WorkflowId> workflows)
    {
        var names = workflows.Select(id => id.ToString()).ToHashSet(StringComparer.Ordinal);
        lock (_lock)
        {
            foreach (var key in _budgets.Keys.Where(key => key.Split('/') is ["workflow", var id, ..] && names.Contains(id)).ToList())
            {
                _budgets.Remove(key);
            }
        }
    }

    private BudgetLine Open(string key, DateTimeOffset at)
    {
        if (!_budgets.TryGetValue(key, out var line))
        {
            _budgets[key] = line = new BudgetLine(key, null, Amount.Zero, Amount.Zero, at);
        }

        return line;
    }

    private bool Settle(Guid id, Amount used)
    {
        if (!_reservations.Remove(id, out var request))
        {
            return false;
        }

        foreach (var claim in request.Budgets)
        {
            // A budget that was forgotten meanwhile stays so.
            if (_budgets.TryGetValue(claim.Key, out var line))
            {
                _budgets[claim.Key] = line with { Spent = line.Spent + used, Reserved = line.Reserved - request.Worst };
            }
        }

        return true;
    }
}
