using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>Ends an attempt with an error that is already classified. Thrown by tools and agents, turned into <see cref="StageOutcome.Failed"/> by the runtime.</summary>
/// <param name="error">The error.</param>
/// <param name="innerException">What caused it. Null: nothing else.</param>
internal sealed class AgentFailure(StructuredError error, Exception? innerException = null) : Exception(error.Message, innerException)
{
    /// <summary>The error.</summary>
    public StructuredError Error { get; } = error;
}
