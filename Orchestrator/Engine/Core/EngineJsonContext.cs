using System.Text.Json.Serialization.Metadata;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>A short name for <see cref="StackJson.TypeOf{T}"/> of the state that stores keep.</summary>
public sealed class EngineJsonContext
{
    private EngineJsonContext()
    {
    }

    /// <summary>The one instance.</summary>
    public static EngineJsonContext Default { get; } = new();

    /// <summary>The state of a workflow.</summary>
    public JsonTypeInfo<WorkflowState> WorkflowState { get; } = StackJson.TypeOf<WorkflowState>();
}
