using Microsoft.Extensions.Logging;

namespace Stack.Engine;

/// <summary>A loop that makes its passes on one orchestrator only. When two believe that they lead, both make them, which costs a conflict or two.</summary>
internal abstract class LeaderLoop(ClusterNode node, TimeProvider time, ILogger logger) : PeriodicLoop(time, logger)
{
    private bool _led;

    /// <summary>This orchestrator among the others.</summary>
    protected ClusterNode Node => node;

    /// <summary>Called before each pass.</summary>
    /// <param name="since">How long ago the last one that succeeded began.</param>
    /// <param name="took">Whether this process has just begun to lead.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    protected virtual Task PrepareAsync(TimeSpan since, bool took, CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task<bool> PrepareAsync(TimeSpan since, CancellationToken cancellationToken)
    {
        if (!node.Leads)
        {
            _led = false;
            return false;
        }

        await PrepareAsync(since, !_led, cancellationToken).ConfigureAwait(false);
        _led = true;
        return true;
    }
}
