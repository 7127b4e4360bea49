using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Planning;
using Stack.Tests.Conformance;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Planning;

public sealed class PlanHistoryTests
{
    private static readonly WorkflowDefinition s_definition = Flow.Define(
        null, Flow.Stage("first") with { Agent = "builder" }, Flow.Stage("left", "first") with { Agent = "builder" }, Flow.Stage("right", "first") with { Agent = "stranger" });

    [Fact]
    public async Task Estimate_NothingFinished_SaysSo()
    {
        var estimate = await EstimateAsync(new InMemoryStore(), new InMemoryLedger());
        Assert.Equal((null, null, 0), (estimate.SecondsP50, estimate.Money, estimate.Attempts));
        Assert.Equal(["builder", "stranger"], estimate.NoHistory);
        Assert.Contains("There is no history", estimate.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Estimate_FinishedAttempts_GivesPercentilesAlongTheLongestWay_AndNamesWhatIsUnknown()
    {
        var (store, ledger) = (new InMemoryStore(), new InMemoryLedger());
        for (var number = 1; number <= 10; number++)
        {
            var write = Writes.Submit(Writes.NextId());
            await store.CommitAsync(write);
            var end = Writes.End("build", 1) with { AgentId = new AgentId("builder-1"), StartedAt = Writes.Now, FinishedAt = Writes.Now.AddSeconds(number), Usage = new Usage { ApiCalls = 1 } };
            await store.CommitAsync(write.Then(new StageCompleted { At = Writes.Now, Stage = "build", Attempt = 1 }) with { EndedAttempts = [end] });
            var id = Guid.NewGuid();
            var claim = new BudgetClaim($"workflow/{write.State.Id}/stage/build", BudgetLimits.None);
            await ledger.ReserveAsync(new ReservationRequest(id, new Amount(Amount.NanoPerDollar, 1, 1), [claim], Writes.Now, Writes.Now.AddHours(1)), CancellationToken.None);
            await ledger.SettleAsync(id, new Amount(number * Amount.NanoPerDollar / 100, 1, 1), CancellationToken.None);
        }

        var estimate = await EstimateAsync(store, ledger);
        Assert.Equal((10d, 18d, 10), (estimate.SecondsP50, estimate.SecondsP90, estimate.Attempts));
        Assert.Equal((0.10m, 0.18m), (estimate.Money, estimate.MoneyP90));
        Assert.Equal(["stranger"], estimate.NoHistory);
        Assert.Equal("10s in half of the cases, 18s in nine of ten; $0.10 and $0.18 for models; by 10 finished attempts. No history, and in none of these figures: stranger.", estimate.Summary);
    }

    private static Task<PlanEstimate> EstimateAsync(InMemoryStore store, InMemoryLedger ledger) => new PlanHistory(store, ledger).EstimateAsync(s_definition, CancellationToken.None);
}
