using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Gateway.Ledger;

/// <summary>What model calls cost, and what they may: <c>/api/v1/usage</c> and <c>/api/v1/budgets</c>.</summary>
internal static class UsageApi
{
    private const int MostLines = 1000;

    public static void MapUsage(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1").WithTags("Usage");
        group.MapGet("/usage", ListAsync).WithSummary("List budgets: what is spent, reserved and allowed")
            .WithDescription("A budget is a meter too: every call is booked on its day, model, workflow, stage, agent and key, whether they have limits or not. At most 1,000 are listed; 'prefix' narrows them.")
            .Produces<UsageList>();
        group.MapPut("/budgets/{**key}", LimitAsync).Require(Scope.Write).WithSummary("Set a budget's limits").Produces<UsageResource>()
            .WithDescription("They replace those of the gateway's file for this budget. A limit of null is none; a body without any limit brings those of the file back.");
    }

    private static async Task<IResult> ListAsync(string? prefix, string? workflow, ILedgerStore store, IModelJournal journal, BudgetBook book, TimeProvider time, CancellationToken cancellationToken)
    {
        WorkflowId id = default;
        if (workflow is not null && !WorkflowId.TryParse(workflow, null, out id))
        {
            return Problem.Of(ProblemTypes.InvalidRequest, $"workflow: '{workflow}' is not the id of a workflow.", "GET /api/v1/workflows lists them.");
        }

        var lines = await store.ListBudgetsAsync(workflow is null ? prefix ?? "" : $"workflow/{id}", MostLines, cancellationToken);
        return TypedResults.Ok(new UsageList(workflow is null
            ? [.. lines.Select(line => Resource(line, book))]
            : WithReplays(id, lines, await journal.CountCallsAsync(id, cancellationToken), book, time.GetUtcNow())));
    }

    // A workflow whose calls were all answered by the journal has no budget: nothing was ever reserved for it.
    private static List<UsageResource> WithReplays(WorkflowId id, IReadOnlyList<BudgetLine> lines, IReadOnlyList<StageCalls> stages, BudgetBook book, DateTimeOffset now)
    {
        var replays = stages.ToDictionary(stage => $"workflow/{id}/stage/{stage.Stage}", stage => stage.Replays, StringComparer.Ordinal);
        if (stages.Count > 0)
        {
            replays[$"workflow/{id}"] = stages.Sum(stage => stage.Replays);
        }

        var missing = replays.Keys.Except(lines.Select(line => line.Key)).Select(key => new BudgetLine(key, null, Amount.Zero, Amount.Zero, now));
        return [.. lines.Concat(missing).OrderBy(line => line.Key, StringComparer.Ordinal).Select(line => Resource(line, book) with { Replayed = replays.GetValueOrDefault(line.Key) })];
    }

    private static async Task<IResult> LimitAsync(string key, LimitRequest limits, ILedgerStore store, BudgetBook book, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!BudgetKeys.IsOne(key))
        {
            return Problem.Of(ProblemTypes.InvalidRequest, $"key: '{key}' is not a budget.", BudgetKeys.Rule);
        }

        List<string> wrong = [];
        foreach (var (field, value) in new (string, decimal?)[] { ("money", limits.Money), ("tokens", limits.Tokens), ("calls", limits.Calls) })
        {
            if (value is < 0 or > 1_000_000_000_000)
            {
                wrong.Add($"{field}: {value} is no limit; give 0 or more, or null for none.");
            }
        }

        if (limits.Money is > 1_000_000)
        {
            wrong.Add($"money: {limits.Money} is too much; give 1,000,000 dollars at most.");
        }

        if (wrong.Count > 0)
        {
            return Problem.Invalid(wrong);
        }

        var set = limits is { Money: null, Tokens: null, Calls: null, WallClock: null }
            ? null
            : new BudgetLimits(limits.Money is { } money ? (long)(money * Amount.NanoPerDollar) : null, limits.Tokens, limits.Calls, limits.WallClock);
        return TypedResults.Ok(Resource(await store.LimitAsync(key, set, time.GetUtcNow(), cancellationToken), book));
    }

    private static UsageResource Resource(BudgetLine line, BudgetBook book)
    {
        var limits = line.Limits ?? book.LimitsOf(line.Key);
        return new UsageResource
        {
            Key = line.Key,
            Spent = Of(line.Spent),
            Reserved = Of(line.Reserved),
            Limits = limits == BudgetLimits.None ? null : new LimitRequest { Money = limits.MoneyNano / (decimal)Amount.NanoPerDollar, Tokens = limits.Tokens, Calls = limits.Calls, WallClock = limits.WallClock },
            IsSet = line.Limits is not null,
            OpenedAt = line.OpenedAt,
        };
    }

    private static UsageAmount Of(Amount amount) => new() { Money = amount.MoneyNano / (decimal)Amount.NanoPerDollar, Tokens = amount.Tokens, Calls = amount.Calls };
}
