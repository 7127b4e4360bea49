using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Noop;

/// <summary>Does nothing, for benchmarks and drills: its output is the stage's <c>with</c>, and <c>with</c> says how it misbehaves.</summary>
internal sealed class NoopAgent : IAgent
{
    /// <inheritdoc />
    public string Type => "noop";

    /// <inheritdoc />
    public bool UsesWorkspace => false;

    /// <inheritdoc />
    public async Task<StageOutcome> ExecuteAsync(AgentContext context, CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        return new StageOutcome.Completed { Output = context.Task.Payload };
    }
}
