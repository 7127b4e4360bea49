using Stack.Contracts;

namespace Stack.Engine;

/// <summary>A workflow in the words of its definition, for lists and people. Pure.</summary>
/// <param name="State">For example <c>SCAFFOLDING</c> or <c>COMPLETED</c>.</param>
/// <param name="CurrentStage">The first stage under way; the one that ended last when none is.</param>
/// <param name="Progress">Completed stages in percent of all but failure handlers and what a replay leaves out. Falls only through a retry.</param>
public readonly record struct WorkflowDisplay(string State, string? CurrentStage, int Progress)
{
    /// <summary>Shows a workflow.</summary>
    /// <param name="definition">Its definition.</param>
    /// <param name="state">Its state.</param>
    public static WorkflowDisplay Of(WorkflowDefinition definition, WorkflowState state)
    {
        var graph = StageGraph.Of(definition);
        int completed = 0, wanted = 0, current = -1, last = 0;
        for (var i = 0; i < state.Stages.Length; i++)
        {
            var stage = state.Stages[i];
            if (!graph.IsHandler(i) && state.Origin?.LeftOut.Contains(stage.Name) is not true)
            {
                wanted++;
                completed += stage.Status is StageStatus.Completed ? 1 : 0;
            }

            if (current < 0 && stage.Status is StageStatus.Pending or StageStatus.Verifying or StageStatus.AwaitingApproval)
            {
                current = i;
            }

            // Stages that never began end with their workflow, too; they are not where it stands.
            if (stage.QueuedAt is not null && stage.EndedAt is { } ended && !(state.Stages[last].EndedAt > ended))
            {
                last = i;
            }
        }

        var shown = definition.Stages[current < 0 ? last : current];
        var label = state.End is { } end ? StatusText.Of(end).ToUpperInvariant() : shown.DisplayState;
        return new WorkflowDisplay(label, shown.Name, wanted == 0 ? 0 : completed * 100 / wanted);
    }
}
