using Stack.Contracts;
using Stack.Orchestrator.Planning;

namespace Stack.Orchestrator.Api.Approvals;

/// <summary>What is wrong with an effect that the orchestrator would have to execute: said before anybody approves it.</summary>
internal sealed class EffectCheck(PlanCheck plans)
{
    /// <summary>The problems, one sentence each; empty when it can be executed, or is not the orchestrator's to execute.</summary>
    /// <param name="kind">The kind that it must be of.</param>
    /// <param name="effect">The effect.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<string>> ProblemsAsync(string kind, JsonPayload effect, CancellationToken cancellationToken)
    {
        if (EffectKinds.Of(effect) is var given && given != kind)
        {
            return [$"effect.kind: it is '{given}'; an amended effect stays of the kind '{kind}'."];
        }

        return kind switch
        {
            EffectKinds.BudgetIncrease => BudgetIncrease.Read(effect).Problems,
            EffectKinds.Plan => [.. (await plans.CheckAsync(effect, cancellationToken)).Problems.Select(problem => problem.ToString())],
            _ => [],
        };
    }
}
