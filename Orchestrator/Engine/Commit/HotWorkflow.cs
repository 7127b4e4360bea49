using System.Collections.Immutable;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>A workflow in memory. Only the committer replaces its state; everybody may read it.</summary>
internal sealed class HotWorkflow(WorkflowHeader header, WorkflowDefinition definition, WorkflowState state, ImmutableDictionary<string, JsonPayload>? outputs)
{
    /// <summary>How many bytes of outputs a workflow keeps in memory; more is read from the store when it is needed.</summary>
    private const int MaxOutputBytes = 64 * 1024;

    private readonly Lock _lock = new();
    private volatile WorkflowState _state = state;
    private volatile ImmutableDictionary<string, JsonPayload>? _outputs = outputs;

    public WorkflowHeader Header { get; } = header;

    public WorkflowDefinition Definition { get; } = definition;

    public WorkflowState State => _state;

    /// <summary>The outputs of completed stages. Null: not in memory.</summary>
    public ImmutableDictionary<string, JsonPayload>? Outputs => _outputs;

    /// <summary>Makes what was written the present.</summary>
    /// <param name="state">The state.</param>
    /// <param name="ended">The attempts that ended with it.</param>
    /// <param name="settled">The claims that were settled with it.</param>
    public void Publish(WorkflowState state, IReadOnlyList<AttemptEnd> ended, IReadOnlyList<AttemptSettlement> settled)
    {
        lock (_lock)
        {
            _state = state;
            if (_outputs is not { } outputs)
            {
                return;
            }

            foreach (var attempt in ended)
            {
                if (attempt.Status is AttemptStatus.Completed)
                {
                    outputs = attempt.Output is { } output ? outputs.SetItem(attempt.Stage, output) : outputs.Remove(attempt.Stage);
                }
            }

            // What a claim brought is in the store alone until it holds.
            var unknown = settled.Any(attempt => attempt.Status is AttemptStatus.Completed);
            _outputs = !unknown && (ReferenceEquals(outputs, _outputs) || Fits(outputs)) ? outputs : null;
        }
    }

    /// <summary>Keeps outputs that were read from the store, unless the workflow has moved on since before they were read.</summary>
    public void Keep(ImmutableDictionary<string, JsonPayload> outputs, WorkflowState before)
    {
        lock (_lock)
        {
            if (ReferenceEquals(_state, before) && Fits(outputs))
            {
                _outputs = outputs;
            }
        }
    }

    /// <summary>Whether an attempt is the outstanding one of its stage.</summary>
    public bool IsOutstanding(TaskId taskId) => State.IsOutstanding(taskId.Stage, taskId.Attempt);

    /// <summary>Whether an attempt claims to be done and is being checked.</summary>
    public bool IsVerifying(TaskId taskId) => State.IsVerifying(taskId.Stage, taskId.Attempt);

    /// <summary>The definition of a stage that is there.</summary>
    public StageDefinition DefinitionOf(string stage) => StageGraph.Of(Definition)[stage];

    public StoredWorkflow ToStored()
    {
        var state = State;
        var display = WorkflowDisplay.Of(Definition, state);
        return new StoredWorkflow(Header, state, display.State, display.CurrentStage, display.Progress);
    }

    private static bool Fits(ImmutableDictionary<string, JsonPayload> outputs)
    {
        var bytes = 0L;
        foreach (var (_, output) in outputs)
        {
            bytes += output.SizeBytes;
        }

        return bytes <= MaxOutputBytes;
    }
}
