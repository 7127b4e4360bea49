using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Which stages run again when someone asks to retry, and from which commit. Pure.</summary>
internal static class StageRetry
{
    public static Decision Retry(DecisionDraft draft, WorkflowInput.Retry retry)
    {
        if (draft.State.End is not { } end)
        {
            return draft.Unchanged(Verdict.Refused, "The workflow is not over; cancel it first, or wait for its end.");
        }

        StageState? from = null;
        if (retry.FromStage is { } name && (from = draft.State.Find(name)) is null)
        {
            return draft.Unchanged(Verdict.Unknown, $"There is no stage '{name}'. The stages are: {string.Join(", ", draft.State.Stages.Select(stage => stage.Name))}.");
        }

        if (from is null && end is WorkflowStatus.Completed)
        {
            return draft.Unchanged(Verdict.Refused, "The workflow is completed; name the stage to begin with.");
        }

        if (from is not null && draft.DefinitionOf(from.Name).Needs.FirstOrDefault(need => draft.State.Find(need)!.Status is not StageStatus.Completed) is { } missing)
        {
            return draft.Unchanged(Verdict.Refused, $"Stage '{from.Name}' needs '{missing}', which is not completed; begin with that one.");
        }

        var again = StagesToRun(draft.Definition, draft.State, from);
        draft.Add(new WorkflowRetried
        {
            By = retry.By,
            Stages = again,
            Iterations = retry.Iterations,
            HeadCommit = HeadFor(draft.State, from),
            DeadlineAt = draft.Definition.Timeout is { } timeout ? draft.At + timeout : null,
        });
        draft.Advance();
        return draft.Done();
    }

    /// <summary>The stages that run again: those that did not complete, the one to begin with, and all that depend on them or came after it.</summary>
    public static List<string> StagesToRun(WorkflowDefinition definition, WorkflowState state, StageState? from)
    {
        var again = state.Stages.Where(stage => stage.Status is not StageStatus.Completed).Select(stage => stage.Name).ToHashSet(StringComparer.Ordinal);
        again.UnionWith(definition.Stages.Where(stage => stage.OnFailure is not null).Select(stage => stage.OnFailure!));
        if (from is not null)
        {
            again.Add(from.Name);

            // Going back to the commit where the stage began takes the later commits of others away with it. What ended in the same moment may be either.
            var before = StageGraph.Of(definition).AncestorsOf(from.Name);
            again.UnionWith(state.Stages.Where(stage => stage.Commit is not null && stage.EndedAt >= from.QueuedAt && !before.Contains(stage.Name)).Select(stage => stage.Name));
        }

        bool grown;
        do
        {
            grown = false;
            foreach (var stage in definition.Stages)
            {
                grown |= stage.Needs.Any(again.Contains) && again.Add(stage.Name);
            }
        }
        while (grown);
        return [.. definition.Stages.Select(stage => stage.Name).Where(again.Contains)];
    }

    /// <summary>The commit to go back to.</summary>
    public static string? HeadFor(WorkflowState state, StageState? from) => from?.QueuedAt is null ? state.HeadCommit : from.BaseCommit;
}
