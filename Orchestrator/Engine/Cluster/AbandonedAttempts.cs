using Microsoft.Extensions.Logging;

namespace Stack.Engine;

/// <summary>Finds attempts that wait for an orchestrator that is gone.</summary>
internal sealed partial class AbandonedAttempts(IWorkflowStore store, ILogger<AbandonedAttempts> logger)
{
    private const int Page = 20_000;

    /// <summary>Parks them, in pages.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> ParkAsync(NodeRoll roll, CancellationToken cancellationToken)
    {
        var parked = 0;
        int page;
        do
        {
            page = await store.ParkAbandonedAsync(roll, Page, cancellationToken).ConfigureAwait(false);
            parked += page;
        }
        while (page == Page);

        if (parked > 0)
        {
            LogParked(parked);
        }

        return parked;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} attempts waited for an orchestrator that is gone")]
    private partial void LogParked(int count);
}
