using Stack.Contracts;

namespace Stack.Messaging;

/// <summary>Without a broker nothing dies on the way: agents hand each message to the engine themselves.</summary>
internal sealed class NoDeadLetters : IDeadLetters
{
    public Task<IReadOnlyList<DeadLetterResource>> ListAsync(int limit, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<DeadLetterResource>>([]);

    public Task<DeadLetterResource?> FindAsync(string id, CancellationToken cancellationToken) => Task.FromResult<DeadLetterResource?>(null);

    public Task<bool> ReplayAsync(string id, CancellationToken cancellationToken) => Task.FromResult(false);

    public Task<bool> DiscardAsync(string id, CancellationToken cancellationToken) => Task.FromResult(false);
}
