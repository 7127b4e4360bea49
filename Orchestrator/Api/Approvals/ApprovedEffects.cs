using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Gateway.Ledger;
using Stack.Orchestrator.Planning;

namespace Stack.Orchestrator.Api.Approvals;

/// <summary>Executes approved effects that are the orchestrator's own: each once by the id of its approval, whoever asks and however often.</summary>
internal sealed class ApprovedEffects(ILedgerStore ledger, BudgetBook book, PlanRun plans, TimeProvider time) : IApprovedEffects
{
    public Task<EffectExecution> ExecuteAsync(ApprovalRecord approval, CancellationToken cancellationToken) => approval.Question.Kind switch
    {
        EffectKinds.BudgetIncrease => RaiseAsync(approval, cancellationToken),
        EffectKinds.Plan => plans.SubmitAsync(approval, cancellationToken),
        var kind => Task.FromResult(Failed($"The orchestrator does not execute effects of kind '{kind}'.")),
    };

    private async Task<EffectExecution> RaiseAsync(ApprovalRecord approval, CancellationToken cancellationToken)
    {
        var (increase, problems) = BudgetIncrease.Read(approval.Decision!.Effect!);
        if (increase is null)
        {
            return Failed(string.Join(' ', problems));
        }

        var defaults = book.LimitsOf(increase.Budget);
        await ledger.LimitOnceAsync(approval.Id.Value, increase.Budget, increase.Limits, defaults, time.GetUtcNow(), cancellationToken);
        var line = (await ledger.ListBudgetsAsync(increase.Budget, 1, cancellationToken)).FirstOrDefault(line => line.Key == increase.Budget);
        var limits = line?.Limits ?? defaults;
        return new EffectExecution
        {
            Succeeded = true,
            At = time.GetUtcNow(),
            Message = $"The limits of budget '{increase.Budget}' were raised.",
            Result = JsonPayload.From(new
            {
                budget = increase.Budget,
                limits = new LimitRequest { Money = limits.MoneyNano / (decimal)Amount.NanoPerDollar, Tokens = limits.Tokens, Calls = limits.Calls, WallClock = limits.WallClock },
            }),
        };
    }

    private EffectExecution Failed(string message) => new() { Succeeded = false, At = time.GetUtcNow(), Message = message };
}
