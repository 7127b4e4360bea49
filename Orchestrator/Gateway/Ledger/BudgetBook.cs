using System.Globalization;
using Stack.Engine;
using Stack.Orchestrator.Gateway.Configuration;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Journal;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway.Ledger;

/// <summary>Books calls: reserves each at its worst case on every budget that it counts for, settles it at what it used.</summary>
internal sealed partial class BudgetBook(ILedgerStore store, WorkflowOrigins workflows, GatewayFile file, TimeProvider time, ILogger<BudgetBook> logger)
{
    // A reservation outlives its call, also one that waits for a place.
    private static readonly TimeSpan s_grace = TimeSpan.FromMinutes(5);

    /// <summary>Reserves a call.</summary>
    /// <param name="link">The model.</param>
    /// <param name="origin">Who it is made for.</param>
    /// <param name="prompt">The most tokens that are read.</param>
    /// <param name="completion">The most tokens that are written.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ModelFailure">The price is not known, or a budget does not cover it.</exception>
    public async Task<Guid> ReserveAsync(ChainLink link, CallOrigin origin, long prompt, long completion, CancellationToken cancellationToken)
    {
        var (model, provider) = (link.Model, link.Provider.Entry);
        if (model.Price is not { } price)
        {
            throw new ModelFailure(
                FailureKind.PriceUnknown,
                $"What '{model.Name}' of provider '{provider.Name}' costs is not known, so it is not called. Add the line 'price: {{input: 2.50, output: 10.00}}' (its own prices, in dollars for a million tokens; or 'price: free') "
                + $"under 'models: {model.Name}:' in '{file.Path}'.");
        }

        var now = time.GetUtcNow();
        var isBuiltin = provider.Kind is ProviderKind.Builtin;
        var worst = new Amount(price.Of(prompt, completion), isBuiltin ? 0 : prompt + completion, 1);
        var request = new ReservationRequest(Guid.CreateVersion7(now), worst, ClaimsOf(model, origin, await IsAgentAsync(origin, cancellationToken), now), now, now + provider.Timeout + provider.Timeout + s_grace);
        return await store.ReserveAsync(request, cancellationToken) is { } refusal ? throw Refused(refusal, worst, model) : request.Id;
    }

    /// <summary>Books what a call used. A store that is away does not lose it: the reservation expires, at its worst case.</summary>
    public async Task SettleAsync(Guid reservation, ModelEntry model, TokenUse use)
    {
        try
        {
            await store.SettleAsync(reservation, new Amount(model.Price!.Of(use.Prompt, use.Completion), use.Total, 1), CancellationToken.None);
        }
        catch (StoreUnavailableException away)
        {
            LogNotSettled(reservation, away);
        }
    }

    /// <summary>Frees what a call held that was never answered.</summary>
    public async Task ReleaseAsync(Guid reservation)
    {
        try
        {
            await store.ReleaseAsync(reservation, CancellationToken.None);
        }
        catch (StoreUnavailableException away)
        {
            LogNotSettled(reservation, away);
        }
    }

    /// <summary>The limits that the file gives a budget, whatever was set on it.</summary>
    /// <param name="key">The budget.</param>
    public BudgetLimits LimitsOf(string key)
    {
        var budgets = file.Current.Budgets;
        return key.Split('/') switch
        {
            ["day", _] => budgets.Day,
            ["workflow", _] => budgets.Workflow,
            ["workflow", _, "stage", _] => budgets.StageLimits,
            ["agent", var name, _] => Named(budgets.Agents, name),
            ["key", var name, _] => Named(budgets.Keys, name),
            ["model", .. var name, _] => Named(budgets.Models, string.Join('/', name)),
            _ => BudgetLimits.None,
        };
    }

    // What an agent asks is its workflow's, not a key's. Without tokens of agents anybody can say that a call is for a workflow; an invented one shall not set a key's limits aside.
    private async ValueTask<bool> IsAgentAsync(CallOrigin origin, CancellationToken cancellationToken) =>
        origin.IsAgent || (origin.MayBeAgent && Contracts.WorkflowId.TryParse(origin.Workflow, null, out var id) && await workflows.FindAsync(id, cancellationToken) is not null);

    private List<BudgetClaim> ClaimsOf(ModelEntry model, CallOrigin origin, bool isAgent, DateTimeOffset now)
    {
        var day = now.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        List<string> keys = [$"day/{day}", $"model/{model.Name}/{day}"];
        if (origin.Workflow is { } workflow)
        {
            keys.Add($"workflow/{workflow}");
            if (origin.Stage is { } stage)
            {
                keys.Add($"workflow/{workflow}/stage/{stage}");
            }
        }

        if (origin.Agent is { } agent)
        {
            keys.Add($"agent/{agent}/{day}");
        }

        if (!isAgent)
        {
            keys.Add($"key/{origin.Caller}/{day}");
        }

        return keys.ConvertAll(key => new BudgetClaim(key, LimitsOf(key)));
    }

    private ModelFailure Refused(BudgetRefusal refusal, Amount worst, ModelEntry model)
    {
        var (limit, spent, reserved, asked) = refusal.What switch
        {
            "money" => (Dollars(refusal.Limits.MoneyNano ?? 0), Dollars(refusal.Spent.MoneyNano), Dollars(refusal.Reserved.MoneyNano), Dollars(worst.MoneyNano)),
            "tokens" => ($"{refusal.Limits.Tokens} tokens", $"{refusal.Spent.Tokens}", $"{refusal.Reserved.Tokens}", $"{worst.Tokens}"),
            "calls" => ($"{refusal.Limits.Calls} calls", $"{refusal.Spent.Calls}", $"{refusal.Reserved.Calls}", "1"),
            _ => (Contracts.DurationText.Format(refusal.Limits.WallClock ?? TimeSpan.Zero), "all of it", "nothing", "more time"),
        };
        return new ModelFailure(
            FailureKind.BudgetExhausted,
            $"The budget '{refusal.Key}' ({refusal.What}: {limit}) does not cover a call of '{model.Name}': {spent} is spent, {reserved} is reserved by other calls, and this one may need {asked}. "
            + $"Raise it with PUT /api/v1/budgets/{refusal.Key} or in '{file.Path}', or let the call ask for less (max_tokens).");
    }

    internal static string Dollars(long nano) => string.Create(CultureInfo.InvariantCulture, $"${(decimal)nano / Amount.NanoPerDollar:0.00####}");

    private static BudgetLimits Named(IReadOnlyDictionary<string, BudgetLimits> limits, string name) => limits.GetValueOrDefault(name) ?? limits.GetValueOrDefault("*") ?? BudgetLimits.None;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Reservation {Reservation} could not be settled; it counts at its worst case when it expires.")]
    private partial void LogNotSettled(Guid reservation, Exception exception);
}
