using System.Security.Cryptography;
using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>Durable steps.</summary>
internal sealed partial class AgentContext
{
    /// <summary>
    /// Does something once per stage and input, however often the stage is attempted: the result is journaled by the orchestrator and a later attempt gets it back without doing the work.
    /// A crash between the work and the journal repeats the work: make it idempotent, or cheap.
    /// </summary>
    /// <typeparam name="T">The result; serialized with the shared JSON options, at most 1 MiB.</typeparam>
    /// <param name="name">The step's name: lower-case letters, digits, hyphens and underscores.</param>
    /// <param name="input">Everything that the result depends on; serialized and hashed. Null: nothing.</param>
    /// <param name="work">Does it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>What the journal holds: this attempt's result, or an earlier one's.</returns>
    /// <exception cref="AttemptNotCurrentException">Another attempt took over; stop.</exception>
    public async Task<T> StepAsync<T>(string name, object? input, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(JsonPayload.From(input).Utf8.Span));
        var key = new StepKey(Task.TaskId.WorkflowId, Task.TaskId.Stage, name, hash);
        if (await Feed.FindStepAsync(key, cancellationToken) is { } journaled)
        {
            Log($"step {name}: taken from the journal");
            return journaled.To<T>()!;
        }

        var result = await work(cancellationToken);
        var kept = await Feed.RecordStepAsync(Task.TaskId, key, JsonPayload.From(result), cancellationToken)
            ?? throw new AttemptNotCurrentException(Task.TaskId);
        return kept.To<T>()!;
    }
}

/// <summary>The attempt is not current any more: nothing that it does counts.</summary>
/// <param name="taskId">The attempt.</param>
internal sealed class AttemptNotCurrentException(TaskId taskId) : Exception($"The attempt {taskId} is not current any more: another one took its place, or the workflow ended.");
