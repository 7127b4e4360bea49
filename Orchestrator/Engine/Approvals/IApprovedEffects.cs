using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// Executes the approved effects that are the orchestrator's own to execute (<see cref="EffectKinds.IsOrchestrators"/>). Called again for the same question after a crash, and by several orchestrators at once:
/// whatever it does it must do once per <see cref="ApprovalRecord.Id"/>, and answer the same each time.
/// </summary>
public interface IApprovedEffects
{
    /// <summary>Executes the effect of the question's decision.</summary>
    /// <param name="approval">The question; it is approved.</param>
    /// <param name="cancellationToken">Ends the call; it is made again then.</param>
    /// <returns>How it went. What can never succeed is an answer, not an exception: exceptions are tried again.</returns>
    Task<EffectExecution> ExecuteAsync(ApprovalRecord approval, CancellationToken cancellationToken);
}

/// <summary>A host that executes nothing.</summary>
internal sealed class NoApprovedEffects(TimeProvider time) : IApprovedEffects
{
    public Task<EffectExecution> ExecuteAsync(ApprovalRecord approval, CancellationToken cancellationToken) =>
        Task.FromResult(new EffectExecution { Succeeded = false, At = time.GetUtcNow(), Message = $"This host executes no effects of kind '{approval.Question.Kind}'." });
}
