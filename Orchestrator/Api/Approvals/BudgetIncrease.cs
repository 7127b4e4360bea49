using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Gateway.Ledger;

namespace Stack.Orchestrator.Api.Approvals;

/// <summary>The effect of the kind <c>budget_increase</c>: new limits for a budget. Those that it does not name stay as they are.</summary>
/// <param name="Budget">The budget's key.</param>
/// <param name="Limits">The limits that change.</param>
internal sealed record BudgetIncrease(string Budget, BudgetLimits Limits)
{
    private const decimal MostMoney = 1_000_000m;

    /// <summary>Reads an effect, or says what is wrong with it.</summary>
    public static (BudgetIncrease? Increase, IReadOnlyList<string> Problems) Read(JsonPayload effect)
    {
        Wire? wire;
        try
        {
            wire = effect.To<Wire>();
        }
        catch (JsonException malformed)
        {
            return (null, [$"effect: {malformed.Path}: it cannot be read. Write {{\"kind\":\"budget_increase\",\"budget\":\"workflow/ID\",\"limits\":{{\"money\":2.00}}}}."]);
        }

        var problems = new List<string>();
        if (wire?.Budget is not { Length: > 0 } key || !BudgetKeys.IsOne(key))
        {
            problems.Add($"effect.budget: '{wire?.Budget}' is not a budget. {BudgetKeys.Rule}");
        }

        var limits = wire?.Limits;
        if (limits is null or { Money: null, Tokens: null, Calls: null, WallClock: null })
        {
            problems.Add("effect.limits: there is none. Give at least one of money, tokens, calls and wall_clock.");
        }

        if (limits is { Money: <= 0 or > MostMoney })
        {
            problems.Add($"effect.limits.money: {limits.Money} raises nothing; give more than 0 and at most 1,000,000 dollars.");
        }

        if (limits is { Tokens: <= 0 } or { Calls: <= 0 } || limits?.WallClock <= TimeSpan.Zero)
        {
            problems.Add("effect.limits: a limit of zero raises nothing; give more than 0.");
        }

        return problems.Count > 0
            ? (null, problems)
            : (new BudgetIncrease(wire!.Budget!, new BudgetLimits(limits!.Money is { } money ? (long)(money * Amount.NanoPerDollar) : null, limits.Tokens, limits.Calls, limits.WallClock)), []);
    }

    private sealed record Wire(string? Budget, LimitRequest? Limits);
}
