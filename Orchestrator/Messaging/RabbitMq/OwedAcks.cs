using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// Sends acknowledgements many at a time. Each one is an entry in the log of a quorum queue, which reaches the disk before the messages behind it do: sent one by one, they hold up the next
/// tasks and results. One that is owed when the connection is lost costs a second delivery, which is recognized. Thread-safe.
/// </summary>
/// <param name="send">Sends what is owed; called once at a time.</param>
/// <param name="time">The clock.</param>
internal sealed class OwedAcks(Func<Task> send, TimeProvider time)
{
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(20);

    private readonly AsyncGate _sending = new();
    private int _owed;
    private int _isDue;

    /// <summary>Notes that there is more to acknowledge: it is sent when that much is owed, or a moment later.</summary>
    /// <param name="count">How many messages.</param>
    /// <param name="most">How many may be owed.</param>
    public Task AddAsync(int count, int most)
    {
        if (Interlocked.Add(ref _owed, count) >= most)
        {
            return SendAsync();
        }

        if (Interlocked.Exchange(ref _isDue, 1) == 0)
        {
            _ = SendLaterAsync();
        }

        return Task.CompletedTask;
    }

    /// <summary>Sends what is owed now.</summary>
    public async Task SendAsync()
    {
        using (await _sending.EnterAsync(CancellationToken.None))
        {
            if (Interlocked.Exchange(ref _owed, 0) > 0)
            {
                await send();
            }
        }
    }

    private async Task SendLaterAsync()
    {
        await Task.Delay(Linger, time);
        Volatile.Write(ref _isDue, 0);
        try
        {
            await SendAsync();
        }
        catch (Exception exception) when (BrokerFailures.IsTransient(exception, CancellationToken.None))
        {
            // The channel is lost: its session ends, and what was owed is delivered again.
        }
    }
}
