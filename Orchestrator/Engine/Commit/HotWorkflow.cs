using System.Collections.Immutable;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>A workflow in memory. Only the committer replaces its state; everybody may read it.</summary>
internal sealed class HotWorkflow(WorkflowHeader header, WorkflowDefinition definition, WorkflowState state, ImmutableDictionary<string, JsonPayload>? outputs)
{
    private volatile WorkflowState _state = state;
    private volatile ImmutableDictionary<string, JsonPayload>? _outputs = outputs;

    public WorkflowHeader Header { get; } = header;

    public WorkflowDefinition Definition { get; } = definition;

    public WorkflowState State
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>The outputs of completed stages. Null: not read from the store yet.</summary>
    public ImmutableDictionary<string, JsonPayload>? Outputs
    {
        get => _outputs;
        set => _outputs = value;
    }

    /// <summary>Whether an attempt is the outstanding one of its stage.</summary>
    public bool IsOutstanding(string stage, int attempt) =>
        State is { End: null } state && state.Find(stage) is { Status: StageStatus.Pending } found && found.Attempt == attempt;

    public StoredWorkflow ToStored()
    {
        var state = State;
        var display = WorkflowDisplay.Of(Definition, state);
        return new StoredWorkflow(Header, state, display.State, display.CurrentStage, display.Progress);
    }
}
