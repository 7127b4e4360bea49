using System.Threading.Channels;
using Stack.Contracts;
using Stack.Messaging.Http;

namespace Stack.Agents.Runtime;

/// <summary>Sends what the attempts have to tell, all together and at most four times a second.</summary>
/// <param name="feed">Where it goes.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where failures are written.</param>
internal sealed partial class StatusSender(ITaskFeed feed, TimeProvider time, ILogger<StatusSender> logger)
{
    private const int CharactersPerCall = 512 * 1024;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly Channel<StatusBuffer> _dirty = Channel.CreateUnbounded<StatusBuffer>(new UnboundedChannelOptions { SingleReader = true });
    private readonly AsyncGate _sending = new();

    /// <summary>There is something to send.</summary>
    /// <param name="buffer">Where.</param>
    public void Announce(StatusBuffer buffer) => _dirty.Writer.TryWrite(buffer);

    /// <summary>Sends until it is told to stop.</summary>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await _dirty.Reader.WaitToReadAsync(cancellationToken))
        {
            await RunOnceAsync(cancellationToken);
            await Task.Delay(Interval, time, cancellationToken);
        }
    }

    /// <summary>Sends what there is now.</summary>
    /// <param name="cancellationToken">Ends it; what was taken is lost.</param>
    /// <returns>How many statuses were sent.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var statuses = new List<StatusEnvelope>();
        using (await _sending.EnterAsync(cancellationToken))
        {
            while (_dirty.Reader.TryRead(out var buffer))
            {
                buffer.DrainTo(statuses);
            }

            await SendAsync(statuses, cancellationToken);
            return statuses.Count;
        }
    }

    /// <summary>Sends what one attempt has to tell, before its result: afterwards its statuses no longer count.</summary>
    /// <param name="buffer">The attempt's.</param>
    /// <param name="cancellationToken">Ends it; what was taken is lost.</param>
    public async Task FlushAsync(StatusBuffer buffer, CancellationToken cancellationToken)
    {
        // Taken or not, what is on its way must arrive first.
        using (await _sending.EnterAsync(cancellationToken))
        {
            var statuses = new List<StatusEnvelope>();
            buffer.DrainTo(statuses);
            await SendAsync(statuses, cancellationToken);
        }
    }

    private async Task SendAsync(List<StatusEnvelope> statuses, CancellationToken cancellationToken)
    {
        for (var start = 0; start < statuses.Count;)
        {
            var end = start;
            var size = 0;
            do
            {
                size += statuses[end++].Log.Sum(line => line.Length) + 500;
            }
            while (end < statuses.Count && size < CharactersPerCall);

            try
            {
                await feed.ReportStatusAsync(statuses.GetRange(start, end - start), cancellationToken);
            }
            catch (TaskFeedException exception)
            {
                // Statuses are for people; the attempts go on without them.
                LogDropped(end - start, exception.Message);
            }

            start = end;
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Count} statuses were dropped. {Reason}")]
    private partial void LogDropped(int count, string reason);
}
