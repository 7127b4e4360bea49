namespace Stack.Contracts;

/// <summary>The messages that a broker could not get handled. Bounded: the oldest go first. Thread-safe.</summary>
public interface IDeadLetters
{
    /// <summary>Lists them, oldest first.</summary>
    /// <param name="limit">At most this many.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="DeadLettersUnavailableException">The broker does not answer.</exception>
    Task<IReadOnlyList<DeadLetterResource>> ListAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Looks for one. Null: there is none.</summary>
    /// <param name="id">The letter.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="DeadLettersUnavailableException">The broker does not answer.</exception>
    Task<DeadLetterResource?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Publishes one to the queue in which it died, and removes it once the broker has it there. A crash in between leaves it in both places, which is harmless.</summary>
    /// <param name="id">The letter.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False: there is none.</returns>
    /// <exception cref="DeadLettersUnavailableException">The broker does not answer.</exception>
    Task<bool> ReplayAsync(string id, CancellationToken cancellationToken);

    /// <summary>Removes one.</summary>
    /// <param name="id">The letter.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False: there is none.</returns>
    /// <exception cref="DeadLettersUnavailableException">The broker does not answer.</exception>
    Task<bool> DiscardAsync(string id, CancellationToken cancellationToken);
}

/// <summary>The broker that has the dead letters does not answer.</summary>
/// <param name="message">What happened.</param>
/// <param name="innerException">What its client said.</param>
public sealed class DeadLettersUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException);
