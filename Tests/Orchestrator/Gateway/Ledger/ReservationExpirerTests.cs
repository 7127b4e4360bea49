using Microsoft.Extensions.Logging.Abstractions;
using Stack.Engine;
using Stack.Orchestrator.Gateway.Ledger;
using Stack.Tests.Orchestrator.Engine;
using Stack.Tests.Orchestrator.Stores.Sqlite;

namespace Stack.Tests.Orchestrator.Gateway.Ledger;

public sealed class ReservationExpirerTests
{
    [Fact]
    public async Task RunOnce_OrchestratorDiedBetweenReserveAndSettle_CountsTheWorstCaseOnce()
    {
        using var directory = new SqliteDirectory();
        var time = new ManualTimeProvider();
        var id = Guid.CreateVersion7();
        var store = await directory.OpenMigratedAsync();
        var limits = new BudgetLimits(MoneyNano: 100);
        Assert.Null(await store.ReserveAsync(new ReservationRequest(id, new Amount(60, 7, 1), [new BudgetClaim("day/x", limits)], time.GetUtcNow(), time.GetUtcNow().AddMinutes(10)), CancellationToken.None));
        store.Dispose();

        var next = directory.Open();
        var expirer = new ReservationExpirer(next, time, NullLogger<ReservationExpirer>.Instance);
        Assert.Equal(0, await expirer.RunOnceAsync(CancellationToken.None));
        Assert.Equal(new Amount(60, 7, 1), (await next.ListBudgetsAsync("", 1, CancellationToken.None)).Single().Reserved);
        time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(1, await expirer.RunOnceAsync(CancellationToken.None));
        Assert.Equal(0, await expirer.RunOnceAsync(CancellationToken.None));

        var line = (await next.ListBudgetsAsync("", 1, CancellationToken.None)).Single();
        Assert.Equal((new Amount(60, 7, 1), Amount.Zero), (line.Spent, line.Reserved));
        var refusal = await next.ReserveAsync(new ReservationRequest(Guid.CreateVersion7(), new Amount(60, 7, 1), [new BudgetClaim("day/x", limits)], time.GetUtcNow(), time.GetUtcNow()), CancellationToken.None);
        Assert.Equal("money", refusal!.What);
    }
}
