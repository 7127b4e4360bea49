using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Stack.Contracts;

/// <summary>
/// Lets one in at a time; the others wait for their turn without holding a thread. <code>using (await gate.EnterAsync(cancellationToken)) { … }</code>
/// </summary>
/// <remarks>
/// Thread-safe. Whoever is inside must not enter again before leaving. There is nothing to dispose of: one may enter, wait and leave while and after the gate's owner is disposed of.
/// Entering allocates nothing when nobody is inside.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle nobody uses holds nothing, and some may still leave when the owner is gone.")]
public sealed class AsyncGate
{
    private readonly SemaphoreSlim _free = new(1, 1);

    /// <summary>Waits until nobody is inside.</summary>
    /// <param name="cancellationToken">Ends the waiting; whoever is inside already stays.</param>
    /// <returns>The stay, which ends when it is disposed of, once.</returns>
    /// <exception cref="OperationCanceledException">It was canceled before it was let in.</exception>
    public ValueTask<GateStay> EnterAsync(CancellationToken cancellationToken)
    {
        var entering = _free.WaitAsync(cancellationToken);
        return entering.IsCompletedSuccessfully ? new ValueTask<GateStay>(new GateStay(_free)) : StayAfterAsync(entering);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<GateStay> StayAfterAsync(Task entering)
    {
        await entering.ConfigureAwait(false);
        return new GateStay(_free);
    }
}

/// <summary>The time that somebody is inside of an <see cref="AsyncGate"/>. Disposing of it leaves, and must be done once.</summary>
public readonly struct GateStay : IDisposable
{
    private readonly SemaphoreSlim? _free;

    internal GateStay(SemaphoreSlim free) => _free = free;

    /// <summary>Leaves.</summary>
    public void Dispose() => _free?.Release();
}
