using Stack.Contracts;

namespace Stack.Engine;

/// <summary>A workflow in the words of its definition, for lists and people. Pure.</summary>
/// <param name="State">For example <c>SCAFFOLDING</c> or <c>COMPLETED</c>.</param>
/// <param name="CurrentStage">The stage under way; the last one that ended when none is.</param>
/// <param name="Progress">Completed stages in percent of those that must complete.</param>
public readonly record struct WorkflowDisplay(string State, string? CurrentStage, int Progress)
{
    /// <summary>Shows a workflow.</summary>
    /// <param name="definition">Its definition.</param>
    /// <param name="state">Its state.</param>
    public static WorkflowDisplay Of(WorkflowDefinition definition, WorkflowState state)
    {
        int completed = 0, wanted = 0, current = -1, last = 0;
        for (var i = 0; i < definition.Stages.Count; i++)
        {
            var stage = state.Stages[i];
            if (stage.Status is StageStatus.Skipped && state.End is null or WorkflowStatus.Completed)
            {
                continue;
            }

            wanted++;
            completed += stage.Status is StageStatus.Completed ? 1 : 0;
            last = stage.EndedAt is not null && stage.Status is not StageStatus.Skipped ? i : last;
            if (current < 0 && stage.Status is StageStatus.Pending or StageStatus.AwaitingApproval)
            {
                current = i;
            }
        }

        var index = current < 0 ? last : current;
        var label = state.End is { } end ? StatusText.Of(end).ToUpperInvariant() : definition.Stages[index].DisplayState;
        return new WorkflowDisplay(label, definition.Stages[index].Name, wanted == 0 ? 0 : completed * 100 / wanted);
    }
}
