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
        var key = KeyOf(name, input);
        if (await Feed.FindStepAsync(key, cancellationToken) is { } journaled)
        {
            Log($"step {name}: taken from the journal");
            return journaled.To<T>()!;
        }

        return await RecordAsync(key, await work(cancellationToken), cancellationToken);
    }

    /// <summary>What the journal holds of a step. Null: nothing.</summary>
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="name">The step's name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<T?> FindStepAsync<T>(string name, CancellationToken cancellationToken)
        where T : class =>
        (await Feed.FindStepAsync(KeyOf(name, input: null), cancellationToken))?.To<T>();

    /// <summary>Journals something that was done, without an input. The first writer wins.</summary>
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="name">The step's name.</param>
    /// <param name="result">The result.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What the journal holds.</returns>
    /// <exception cref="AttemptNotCurrentException">Another attempt took over; stop.</exception>
    public Task<T> RecordStepAsync<T>(string name, T result, CancellationToken cancellationToken) => RecordAsync(KeyOf(name, input: null), result, cancellationToken);

    private async Task<T> RecordAsync<T>(StepKey key, T result, CancellationToken cancellationToken)
    {
        var kept = await Feed.RecordStepAsync(Task.TaskId, key, JsonPayload.From(result), cancellationToken)
            ?? throw new AttemptNotCurrentException(Task.TaskId);
        return kept.To<T>()!;
    }

    private StepKey KeyOf(string name, object? input) =>
        new(Task.TaskId.WorkflowId, Task.TaskId.Stage, name, Convert.ToHexStringLower(SHA256.HashData(JsonPayload.From(input).Utf8.Span)));
}

/// <summary>The attempt is not current any more: nothing that it does counts.</summary>
/// <param name="taskId">The attempt.</param>
internal sealed class AttemptNotCurrentException(TaskId taskId) : Exception($"The attempt {taskId} is not current any more: another one took its place, or the workflow ended.");
