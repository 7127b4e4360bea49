using System.Globalization;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Planning;

/// <summary>Estimates what a definition takes, by what finished attempts of its agent types took. It says where it knows nothing.</summary>
internal sealed class PlanHistory(IWorkflowStore store, ILedgerStore ledger)
{
    private const int MostAttempts = 200;
    private const int MostPriced = 20;

    /// <summary>Estimates.</summary>
    public async Task<PlanEstimate> EstimateAsync(WorkflowDefinition definition, CancellationToken cancellationToken)
    {
        var known = new Dictionary<string, AgentHistory>(StringComparer.Ordinal);
        foreach (var agent in definition.Stages.Select(stage => stage.Agent).Distinct())
        {
            if (await ReadAsync(agent, cancellationToken) is { } history)
            {
                known.Add(agent, history);
            }
        }

        var missing = definition.Stages.Select(stage => stage.Agent).Distinct().Where(agent => !known.ContainsKey(agent)).ToList();
        if (known.Count == 0)
        {
            return new PlanEstimate { NoHistory = missing, Summary = "There is no history: no attempt of these agent types has finished here, so that nothing can be said about time and cost." };
        }

        var handlers = definition.Stages.Select(stage => stage.OnFailure).ToHashSet(StringComparer.Ordinal);
        var made = definition.Stages.Where(stage => !handlers.Contains(stage.Name) && known.ContainsKey(stage.Agent)).Select(stage => known[stage.Agent]).ToList();
        var estimate = new PlanEstimate
        {
            SecondsP50 = Longest(definition, stage => known.GetValueOrDefault(stage.Agent)?.Seconds(0.5) ?? 0),
            SecondsP90 = Longest(definition, stage => known.GetValueOrDefault(stage.Agent)?.Seconds(0.9) ?? 0),
            Money = made.Sum(history => history.Money(0.5)),
            MoneyP90 = made.Sum(history => history.Money(0.9)),
            Attempts = known.Values.Sum(history => history.Count),
            NoHistory = missing,
            Summary = "",
        };
        return estimate with { Summary = Summary(estimate) };
    }

    private static string Summary(PlanEstimate estimate)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{Words(estimate.SecondsP50!.Value)} in half of the cases, {Words(estimate.SecondsP90!.Value)} in nine of ten; ${estimate.Money:0.00##} and ${estimate.MoneyP90:0.00##} for models; by {estimate.Attempts} finished attempts.");
        return estimate.NoHistory.Count == 0 ? text : $"{text} No history, and in none of these figures: {string.Join(", ", estimate.NoHistory)}.";
    }

    private static string Words(double seconds) => DurationText.Format(TimeSpan.FromSeconds(Math.Max(1, Math.Round(seconds))));

    private async Task<AgentHistory?> ReadAsync(string agent, CancellationToken cancellationToken)
    {
        var attempts = await store.ListAttemptsAsync(new AttemptQuery { AgentType = agent, Status = AttemptStatus.Completed, Limit = MostAttempts }, cancellationToken);
        var seconds = attempts.Where(attempt => attempt is { StartedAt: not null, FinishedAt: not null }).Select(attempt => (attempt.FinishedAt!.Value - attempt.StartedAt!.Value).TotalSeconds).Order().ToList();
        if (seconds.Count == 0)
        {
            return null;
        }

        var money = new List<decimal>();
        foreach (var attempt in attempts.Take(MostPriced))
        {
            money.Add(await MoneyAsync(attempt, cancellationToken));
        }

        money.Sort();
        return new AgentHistory(seconds, money);
    }

    private async Task<decimal> MoneyAsync(StoredAttempt attempt, CancellationToken cancellationToken)
    {
        if (attempt.Usage is { ApiCalls: 0 })
        {
            return 0;
        }

        var key = $"workflow/{attempt.Attempt.TaskId.WorkflowId}/stage/{attempt.Attempt.TaskId.Stage}";
        var line = (await ledger.ListBudgetsAsync(key, 1, cancellationToken)).FirstOrDefault(line => line.Key == key);
        return (line?.Spent.MoneyNano ?? 0) / (decimal)Amount.NanoPerDollar;
    }

    // Stages without needs of each other run at once: what counts is the longest way.
    private static double Longest(WorkflowDefinition definition, Func<StageDefinition, double> takes)
    {
        var stages = definition.Stages.ToDictionary(stage => stage.Name, StringComparer.Ordinal);
        var ends = new Dictionary<string, double>(StringComparer.Ordinal);
        return definition.Stages.Where(stage => definition.Stages.All(other => other.OnFailure != stage.Name)).Max(EndOf);

        double EndOf(StageDefinition stage)
        {
            if (!ends.TryGetValue(stage.Name, out var end))
            {
                ends[stage.Name] = end = takes(stage) + (stage.Needs.Count == 0 ? 0 : stage.Needs.Max(need => EndOf(stages[need])));
            }

            return end;
        }
    }

    /// <summary>What attempts of one agent type took, sorted.</summary>
    private sealed record AgentHistory(List<double> Sorted, List<decimal> Prices)
    {
        public int Count => Sorted.Count;

        public double Seconds(double share) => Sorted[Rank(share, Sorted.Count)];

        public decimal Money(double share) => Prices.Count == 0 ? 0 : Prices[Rank(share, Prices.Count)];

        // The nearest rank: a value that was really seen.
        private static int Rank(double share, int count) => Math.Clamp((int)Math.Ceiling(share * count) - 1, 0, count - 1);
    }
}
