using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;

namespace Stack.Tests.Conformance;

/// <summary>What <see cref="ILedgerStore"/> promises, for every adapter.</summary>
public abstract class LedgerStoreConformance : IAsyncLifetime
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private IWorkflowStore _workflows = null!;

    protected ILedgerStore Store { get; private set; } = null!;

    /// <summary>Opens a migrated store on this test's own, empty database.</summary>
    protected abstract Task<(IWorkflowStore Workflows, ILedgerStore Ledger)> OpenAsync();

    public async Task InitializeAsync() => (_workflows, Store) = await OpenAsync();

    public abstract Task DisposeAsync();

    [ServerFact]
    public async Task Reserve_ThenSettle_BooksWhatWasUsedAndFreesTheRest()
    {
        var id = await ReserveAsync(new Amount(100, 50, 1), ("workflow/a", BudgetLimits.None), ("day/d", new BudgetLimits(MoneyNano: 1000)));
        Assert.All(await ListAsync(), line => Assert.Equal((Amount.Zero, new Amount(100, 50, 1)), (line.Spent, line.Reserved)));

        Assert.True(await Store.SettleAsync(id, new Amount(70, 20, 1), CancellationToken.None));

        Assert.Equal(["day/d", "workflow/a"], (await ListAsync()).Select(line => line.Key));
        Assert.All(await ListAsync(), line => Assert.Equal((new Amount(70, 20, 1), Amount.Zero, s_now), (line.Spent, line.Reserved, line.OpenedAt)));
    }

    [ServerFact]
    public async Task LimitOnce_TheSameIdAgain_ChangesNothing_AlsoWhenTheLimitsWereChangedInBetween()
    {
        var id = Guid.NewGuid();
        Assert.True(await Store.LimitOnceAsync(id, "a", new BudgetLimits(MoneyNano: 100, Calls: 3), BudgetLimits.None, s_now, CancellationToken.None));
        Assert.Equal(new BudgetLimits(MoneyNano: 100, Calls: 3), (await ListAsync()).Single().Limits);
        await Store.LimitAsync("a", new BudgetLimits(MoneyNano: 500), s_now, CancellationToken.None);
        var again = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Store.LimitOnceAsync(id, "a", new BudgetLimits(MoneyNano: 100, Calls: 3), BudgetLimits.None, s_now, CancellationToken.None)));
        Assert.All(again, Assert.False);
        Assert.Equal(new BudgetLimits(MoneyNano: 500), (await ListAsync()).Single().Limits);
        Assert.True(await Store.LimitOnceAsync(Guid.NewGuid(), "a", new BudgetLimits(MoneyNano: 600), BudgetLimits.None, s_now, CancellationToken.None));
        Assert.Equal(600, (await ListAsync()).Single().Limits!.MoneyNano);
    }

    [ServerFact]
    public async Task LimitOnce_WhatIsNotNamed_StaysAsItIs_AlsoWhenSeveralAreSetAtOnce()
    {
        var hour = TimeSpan.FromHours(1);
        var changes = new[] { new BudgetLimits(MoneyNano: 100), new BudgetLimits(Tokens: 200), new BudgetLimits(Calls: 300) };
        Assert.All(await Task.WhenAll(changes.Select(SetAsync)), Assert.True);
        Assert.Equal(new BudgetLimits(100, 200, 300, hour), (await ListAsync()).Single().Limits);

        // Limits of its own replace all that it would have without them.
        await Store.LimitAsync("a", new BudgetLimits(MoneyNano: 500), s_now, CancellationToken.None);
        Assert.True(await SetAsync(new BudgetLimits(Calls: 7)));
        Assert.Equal(new BudgetLimits(MoneyNano: 500, Calls: 7), (await ListAsync()).Single().Limits);
        await Store.LimitAsync("a", null, s_now, CancellationToken.None);
        Assert.True(await SetAsync(new BudgetLimits(WallClock: 2 * hour)));
        Assert.Equal(new BudgetLimits(10, 20, 30, 2 * hour), (await ListAsync()).Single().Limits);

        Task<bool> SetAsync(BudgetLimits named) => Store.LimitOnceAsync(Guid.NewGuid(), "a", named, new BudgetLimits(10, 20, 30, hour), s_now, CancellationToken.None);
    }

    [ServerFact]
    public async Task Settle_Twice_BooksOnce()
    {
        var id = await ReserveAsync(new Amount(100, 50, 1), ("a", BudgetLimits.None));
        Assert.True(await Store.SettleAsync(id, new Amount(70, 20, 1), CancellationToken.None));
        Assert.False(await Store.SettleAsync(id, new Amount(70, 20, 1), CancellationToken.None));
        Assert.False(await Store.ReleaseAsync(id, CancellationToken.None));
        Assert.Equal(new Amount(70, 20, 1), (await ListAsync()).Single().Spent);
    }

    [ServerFact]
    public async Task Release_Reserved_LeavesNothing()
    {
        var id = await ReserveAsync(new Amount(100, 50, 1), ("a", new BudgetLimits(Calls: 1)));
        Assert.True(await Store.ReleaseAsync(id, CancellationToken.None));
        Assert.Equal((Amount.Zero, Amount.Zero), ((await ListAsync()).Single().Spent, (await ListAsync()).Single().Reserved));
        await ReserveAsync(new Amount(100, 50, 1), ("a", new BudgetLimits(Calls: 1)));
    }

    [ServerFact]
    public async Task Reserve_OneBudgetDoesNotCover_ReservesOnNone()
    {
        var refusal = await TryAsync(new Amount(100, 50, 1), ("a", new BudgetLimits(MoneyNano: 1000)), ("b", new BudgetLimits(MoneyNano: 99)), ("c", new BudgetLimits(Tokens: 1)));
        Assert.Equal(("b", "money", 99), (refusal!.Key, refusal.What, refusal.Limits.MoneyNano));
        Assert.All(await ListAsync(), line => Assert.Equal(Amount.Zero, line.Reserved));
    }

    [ServerFact]
    public async Task Reserve_EachLimit_IsItsOwnReason()
    {
        Assert.Equal("tokens", (await TryAsync(new Amount(0, 51, 1), ("a", new BudgetLimits(Tokens: 50))))!.What);
        Assert.Equal("calls", (await TryAsync(new Amount(0, 0, 1), ("b", new BudgetLimits(Calls: 0))))!.What);
        Assert.Equal("wall_clock", (await TryAsync(new Amount(0, 0, 1), ("c", new BudgetLimits(WallClock: TimeSpan.Zero))))!.What);
        Assert.Null(await TryAsync(new Amount(0, 0, 1), ("d", new BudgetLimits(MoneyNano: 0, Tokens: 0, Calls: 1, WallClock: TimeSpan.FromTicks(1)))));
    }

    [ServerFact]
    public async Task Reserve_LaterThanTheClockAllows_IsRefused()
    {
        var limits = new BudgetLimits(WallClock: TimeSpan.FromHours(1));
        Assert.Null(await TryAsync(new Amount(0, 0, 1), ("a", limits)));
        Assert.Null(await TryAsync(s_now.AddMinutes(59), new Amount(0, 0, 1), ("a", limits)));
        Assert.Equal("wall_clock", (await TryAsync(s_now.AddMinutes(60), new Amount(0, 0, 1), ("a", limits)))!.What);
    }

    [ServerFact]
    public async Task Limit_Set_ReplacesWhatCallsBringUntilItIsTakenBack()
    {
        Assert.NotNull(await TryAsync(new Amount(100, 0, 1), ("a", new BudgetLimits(MoneyNano: 1))));
        var raised = await Store.LimitAsync("a", new BudgetLimits(500, 6, 7, TimeSpan.FromHours(8)), s_now, CancellationToken.None);
        Assert.Equal(new BudgetLimits(500, 6, 7, TimeSpan.FromHours(8)), raised.Limits);
        var id = await ReserveAsync(new Amount(100, 0, 1), ("a", new BudgetLimits(MoneyNano: 1)));
        Assert.True(await Store.ReleaseAsync(id, CancellationToken.None));
        Assert.Null((await Store.LimitAsync("a", null, s_now, CancellationToken.None)).Limits);
        Assert.NotNull(await TryAsync(new Amount(100, 0, 1), ("a", new BudgetLimits(MoneyNano: 1))));
        await Store.LimitAsync("a", BudgetLimits.None, s_now, CancellationToken.None);
        Assert.Null(await TryAsync(new Amount(100, 0, 1), ("a", new BudgetLimits(MoneyNano: 1))));
    }

    [ServerFact]
    public async Task Expire_NeverSettled_CountsAtItsWorstCase()
    {
        var id = await ReserveAsync(new Amount(100, 50, 1), ("a", BudgetLimits.None));
        Assert.Equal(0, await Store.ExpireAsync(s_now.AddMinutes(9), CancellationToken.None));
        Assert.Equal(1, await Store.ExpireAsync(s_now.AddMinutes(10), CancellationToken.None));
        Assert.Equal(0, await Store.ExpireAsync(s_now.AddMinutes(10), CancellationToken.None));
        Assert.False(await Store.SettleAsync(id, Amount.Zero, CancellationToken.None));
        Assert.Equal((new Amount(100, 50, 1), Amount.Zero), ((await ListAsync()).Single().Spent, (await ListAsync()).Single().Reserved));
    }

    [ServerFact]
    public async Task List_Prefix_GivesThoseOnly()
    {
        await ReserveAsync(new Amount(0, 0, 1), ("workflow/1", BudgetLimits.None), ("workflow/1/stage/s", BudgetLimits.None), ("workflow_2", BudgetLimits.None), ("day/x", BudgetLimits.None));
        Assert.Equal(["workflow/1", "workflow/1/stage/s"], (await Store.ListBudgetsAsync("workflow/", 10, CancellationToken.None)).Select(line => line.Key));
        Assert.Single(await Store.ListBudgetsAsync("workflow/", 1, CancellationToken.None));
    }

    [ServerFact]
    public async Task Prune_Workflow_TakesItsBudgetsWithIt()
    {
        var (gone, kept) = (Writes.Submit(Writes.NextId()), Writes.Submit(Writes.NextId()));
        await _workflows.CommitAsync(gone, kept);
        foreach (var id in new[] { gone.State.Id, kept.State.Id })
        {
            await ReserveAsync(new Amount(100, 50, 1), ($"workflow/{id}", BudgetLimits.None), ($"workflow/{id}/stage/build", BudgetLimits.None), ($"workflow/{id}/stage/test", BudgetLimits.None), ($"agent/{id}/d", BudgetLimits.None));
        }

        var open = await ReserveAsync(new Amount(10, 5, 1), ($"workflow/{gone.State.Id}", BudgetLimits.None), ("day/d", BudgetLimits.None));
        await _workflows.CommitAsync(gone.Then().Ended(WorkflowStatus.Failed));

        await _workflows.PruneAsync(Writes.Now.AddDays(1), 10, dryRun: true, CancellationToken.None);
        Assert.Equal(9, (await ListAsync()).Count);
        Assert.Equal([gone.State.Id], await _workflows.PruneAsync(Writes.Now.AddDays(1), 10, dryRun: false, CancellationToken.None));
        string[] left = [$"agent/{gone.State.Id}/d", $"agent/{kept.State.Id}/d", "day/d", $"workflow/{kept.State.Id}", $"workflow/{kept.State.Id}/stage/build", $"workflow/{kept.State.Id}/stage/test"];
        Assert.Equal(left.Order(StringComparer.Ordinal), (await ListAsync()).Select(line => line.Key));

        // A call that is still on its way is booked on what is left.
        Assert.True(await Store.SettleAsync(open, new Amount(7, 3, 1), CancellationToken.None));
        Assert.Equal(new Amount(7, 3, 1), (await Store.ListBudgetsAsync("day/", 1, CancellationToken.None)).Single().Spent);
        Assert.Equal(left.Length, (await ListAsync()).Count);
    }

    /// <summary>The promise of the ledger, on random amounts: what is settled never passes a cap by more than what one call used beyond its worst case, whatever runs at once.</summary>
    [ServerFact]
    public async Task Reserve_TwoHundredAtOnce_NeverPassTheCaps()
    {
        for (var seed = 1; seed <= 3; seed++)
        {
            await RaceAsync(seed, new Random(seed));
        }
    }

    private async Task RaceAsync(int seed, Random random)
    {
        const long cap = 20_000;
        var plans = Enumerable.Range(0, 200).Select(_ => (Worst: random.NextInt64(1, 1_000), Used: random.NextDouble(), Stage: random.Next(3), Fails: random.Next(5) == 0)).ToList();
        long settled = 0;
        await Task.WhenAll(plans.Select(plan => Task.Run(async () =>
        {
            var id = Guid.CreateVersion7();
            // In another order each time: a store that locks as it comes would wait in a circle.
            List<BudgetClaim> claims = [new($"day/{seed}", new BudgetLimits(MoneyNano: cap)), new($"workflow/{seed}/stage/{plan.Stage}", new BudgetLimits(MoneyNano: cap / 2)), new($"workflow/{seed}", BudgetLimits.None)];
            if (plan.Stage == 1)
            {
                claims.Reverse();
            }

            if (await Store.ReserveAsync(new ReservationRequest(id, new Amount(plan.Worst, plan.Worst, 1), claims, s_now, s_now.AddMinutes(10)), CancellationToken.None) is null)
            {
                var used = plan.Fails ? 0 : (long)(plan.Worst * plan.Used);
                Assert.True(plan.Fails ? await Store.ReleaseAsync(id, CancellationToken.None) : await Store.SettleAsync(id, new Amount(used, used, 1), CancellationToken.None));
                Interlocked.Add(ref settled, used);
            }
        })));

        var lines = (await ListAsync()).Where(line => line.Key == $"day/{seed}" || line.Key.StartsWith($"workflow/{seed}", StringComparison.Ordinal)).ToDictionary(line => line.Key);
        Assert.All(lines.Values, line => Assert.Equal(Amount.Zero, line.Reserved));
        Assert.InRange(lines[$"day/{seed}"].Spent.MoneyNano, 1, cap);
        Assert.Equal(settled, lines[$"day/{seed}"].Spent.MoneyNano);
        Assert.Equal(lines[$"day/{seed}"].Spent, lines[$"workflow/{seed}"].Spent);
        Assert.All(lines.Values.Where(line => line.Key.Contains("stage", StringComparison.Ordinal)), line => Assert.InRange(line.Spent.MoneyNano, 0, cap / 2));
    }

    private Task<IReadOnlyList<BudgetLine>> ListAsync() => Store.ListBudgetsAsync("", 1000, CancellationToken.None);

    private Task<BudgetRefusal?> TryAsync(Amount worst, params (string Key, BudgetLimits Limits)[] budgets) => TryAsync(s_now, worst, budgets);

    private Task<BudgetRefusal?> TryAsync(DateTimeOffset at, Amount worst, params (string Key, BudgetLimits Limits)[] budgets) =>
        Store.ReserveAsync(new ReservationRequest(Guid.CreateVersion7(), worst, [.. budgets.Select(budget => new BudgetClaim(budget.Key, budget.Limits))], at, at.AddMinutes(10)), CancellationToken.None);

    private async Task<Guid> ReserveAsync(Amount worst, params (string Key, BudgetLimits Limits)[] budgets)
    {
        var id = Guid.CreateVersion7();
        Assert.Null(await Store.ReserveAsync(new ReservationRequest(id, worst, [.. budgets.Select(budget => new BudgetClaim(budget.Key, budget.Limits))], s_now, s_now.AddMinutes(10)), CancellationToken.None));
        return id;
    }
}
