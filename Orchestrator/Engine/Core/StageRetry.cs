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

        var again = StagesToRun(draft, from);
        draft.Add(new WorkflowRetried
        {
            By = retry.By,
            Stages = again,
            HeadCommit = HeadFor(draft, from),
            DeadlineAt = draft.Definition.Timeout is { } timeout ? draft.At + timeout : null,
        });
        draft.Advance();
        return draft.Done();
    }

    private static List<string> StagesToRun(DecisionDraft draft, StageState? from)
    {
        var again = draft.State.Stages.Where(stage => stage.Status is not StageStatus.Completed).Select(stage => stage.Name).ToHashSet(StringComparer.Ordinal);
        again.UnionWith(draft.Definition.Stages.Where(stage => stage.OnFailure is not null).Select(stage => stage.OnFailure!));
        if (from is not null)
        {
            again.Add(from.Name);

            // Going back to the commit where the stage began takes the later commits of others away with it. What ended in the same moment may be either.
            var before = draft.AncestorsOf(from.Name);
            again.UnionWith(draft.State.Stages.Where(stage => stage.Commit is not null && stage.EndedAt >= from.QueuedAt && !before.Contains(stage.Name)).Select(stage => stage.Name));
        }

        bool grown;
        do
        {
            grown = false;
            foreach (var stage in draft.Definition.Stages)
            {
                grown |= stage.Needs.Any(again.Contains) && again.Add(stage.Name);
            }
        }
        while (grown);
        return [.. draft.Definition.Stages.Select(stage => stage.Name).Where(again.Contains)];
    }

    private static string? HeadFor(DecisionDraft draft, StageState? from) => from?.QueuedAt is null ? draft.State.HeadCommit : from.BaseCommit;
}
