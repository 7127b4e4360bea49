using System.Threading.Channels;
using RabbitMQ.Client;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// One channel on which an agent takes tasks: from its opening to its loss. Delivery tags mean nothing beyond it. The consumer can be made anew with another prefetch, which the protocol
/// offers no other way to change. Thread-safe.
/// </summary>
internal sealed class TaskSession : IAsyncDisposable
{
    private const int SmallPrefetch = 16;

    private readonly IChannel _channel;
    private readonly string _queue;
    private readonly ChannelWriter<Delivery> _inbox;
    private readonly OwedAcks _acks;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly HashSet<ulong> _settledAhead = [];
    private readonly List<ulong> _owed = [];
    private ulong _settledUpTo;
    private string? _consumerTag;

    /// <summary>Makes the session of a channel.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="queue">The queue of tasks.</param>
    /// <param name="inbox">Where deliveries go.</param>
    /// <param name="time">The clock.</param>
    public TaskSession(IChannel channel, string queue, ChannelWriter<Delivery> inbox, TimeProvider time)
    {
        (_channel, _queue, _inbox) = (channel, queue, inbox);
        _acks = new OwedAcks(SendOwedAsync, time);
    }

    /// <summary>How many unsettled tasks the consumer may have; 0: there is no consumer.</summary>
    public int PrefetchCount { get; private set; }

    /// <summary>Counts the consumers that there have been.</summary>
    public int Generation { get; private set; }

    /// <summary>Takes tasks with another prefetch. Tasks that are unsettled stay so, and no longer count.</summary>
    public async Task ResizeAsync(int prefetch, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_consumerTag is { } tag)
            {
                _consumerTag = null;
                PrefetchCount = 0;
                await _channel.BasicCancelAsync(tag, noWait: false, cancellationToken);
            }

            Generation++;
            if (prefetch > 0)
            {
                await _channel.BasicQosAsync(0, (ushort)Math.Min(prefetch, ushort.MaxValue), global: false, cancellationToken);
                _consumerTag = await _channel.BasicConsumeAsync(_queue, autoAck: false, new EnvelopeConsumer(_channel, _inbox), cancellationToken);
                PrefetchCount = prefetch;
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Settles tasks: the server forgets them, soon; at once where the next task waits for it.</summary>
    public async Task AcknowledgeAsync(IReadOnlyCollection<ulong> tags)
    {
        await _gate.WaitAsync();
        try
        {
            Advance(tags);
            _owed.AddRange(tags);
        }
        finally
        {
            _gate.Release();
        }

        await _acks.AddAsync(tags.Count, PrefetchCount >= SmallPrefetch ? PrefetchCount / 4 : 1);
    }

    /// <summary>Gives a task back (to whoever is free), or makes it a dead letter.</summary>
    public async Task RefuseAsync(ulong tag, bool requeue)
    {
        await _gate.WaitAsync();
        try
        {
            Advance([tag]);
            await _channel.BasicNackAsync(tag, multiple: false, requeue);
        }
        catch (Exception exception) when (BrokerFailures.IsTransient(exception))
        {
            // The channel is lost, and with it everything that was open on it.
        }
        finally
        {
            _gate.Release();
        }
    }

    // The gate is for whoever still settles: it holds nothing that must be given back.
    public async ValueTask DisposeAsync()
    {
        await _acks.SendAsync();
        await _channel.DisposeAsync();
    }

    // One message for all that are settled without a gap.
    private async Task SendOwedAsync()
    {
        await _gate.WaitAsync();
        try
        {
            var last = _owed.Where(tag => tag <= _settledUpTo).DefaultIfEmpty().Max();
            if (last > 0)
            {
                await _channel.BasicAckAsync(last, multiple: true);
            }

            foreach (var tag in _owed.Where(tag => tag > _settledUpTo))
            {
                await _channel.BasicAckAsync(tag, multiple: false);
            }
        }
        catch (Exception exception) when (BrokerFailures.IsTransient(exception, CancellationToken.None))
        {
            // The channel is lost and the tasks are delivered again; whoever gets them asks first whether they are current.
        }
        finally
        {
            _owed.Clear();
            _gate.Release();
        }
    }

    private void Advance(IReadOnlyCollection<ulong> tags)
    {
        _settledAhead.UnionWith(tags);
        while (_settledAhead.Remove(_settledUpTo + 1))
        {
            _settledUpTo++;
        }
    }
}
