using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What a workflow takes over from another one instead of making it: the result of a completed stage.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Output">Its output. Null: none.</param>
/// <param name="Commit">The commit that counts with it. Null: it pushed none.</param>
/// <param name="References">Other references that move with it.</param>
public sealed record StageTakeover(string Stage, JsonPayload? Output, string? Commit, IReadOnlyList<ReferenceUpdate> References);

/// <summary>What a fork takes over. Pure.</summary>
public static class ForkPlan
{
    /// <summary>Finds the stages that a fork takes over: those that a retry from the same stage would keep.</summary>
    /// <param name="definition">The definition of both.</param>
    /// <param name="source">The workflow that is forked.</param>
    /// <param name="outputs">Its outputs by stage.</param>
    /// <param name="fromStage">The stage from which on everything is made again.</param>
    /// <returns>What is taken over, in the order in which it was made; or why it cannot be forked there.</returns>
    public static (IReadOnlyList<StageTakeover> Takeovers, string? Refusal) Of(
        WorkflowDefinition definition, WorkflowState source, IReadOnlyDictionary<string, JsonPayload> outputs, string fromStage)
    {
        if (source.Find(fromStage) is not { } from)
        {
            return ([], $"There is no stage '{fromStage}'. The stages are: {string.Join(", ", source.Stages.Select(stage => stage.Name))}.");
        }

        if (StageGraph.Of(definition)[fromStage].Needs.FirstOrDefault(need => source.Find(need)!.Status is not StageStatus.Completed) is { } missing)
        {
            return ([], $"Stage '{fromStage}' needs '{missing}', which is not completed; begin with that one.");
        }

        var again = StageRetry.StagesToRun(definition, source, from).ToHashSet(StringComparer.Ordinal);
        return (Take(source, outputs, source.Stages.Where(stage => !again.Contains(stage.Name)), StageRetry.HeadFor(source, from)), null);
    }

    /// <summary>Takes over what a fork took over itself: for its replay.</summary>
    /// <param name="source">The workflow.</param>
    /// <param name="outputs">Its outputs by stage.</param>
    /// <param name="stages">The stages.</param>
    public static IReadOnlyList<StageTakeover> Again(WorkflowState source, IReadOnlyDictionary<string, JsonPayload> outputs, IReadOnlyList<string> stages) =>
        Take(source, outputs, stages.Select(source.Find).OfType<StageState>(), head: null);

    private static List<StageTakeover> Take(WorkflowState source, IReadOnlyDictionary<string, JsonPayload> outputs, IEnumerable<StageState> stages, string? head)
    {
        var kept = stages.OrderBy(stage => stage.EndedAt).ThenBy(stage => source.Stages.IndexOf(stage))
            .Select(stage => new StageTakeover(stage.Name, outputs.GetValueOrDefault(stage.Name), stage.Commit, stage.References)).ToList();
        if (head is not null && kept.FindLastIndex(takeover => takeover.Commit is not null) is var last and >= 0)
        {
            // What a handler committed in between belongs to the head, too.
            kept[last] = kept[last] with { Commit = head };
        }

        return kept;
    }
}
