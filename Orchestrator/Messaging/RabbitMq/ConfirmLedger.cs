namespace Stack.Messaging.RabbitMq;

/// <summary>What one channel has sent and what the server has confirmed of it. Messages are numbered from 1 in the order of sending; confirms come in any order. Thread-safe.</summary>
internal sealed class ConfirmLedger
{
    private readonly Lock _gate = new();
    private readonly SortedSet<ulong> _early = [];
    private readonly Queue<(ulong Last, TaskCompletionSource Done)> _waiting = new();
    private ulong _sent;
    private ulong _confirmed;
    private BrokerUnavailableException? _broken;

    /// <summary>Whether no more confirms will come.</summary>
    public bool IsBroken => Volatile.Read(ref _broken) is not null;

    /// <summary>Notes that messages were sent.</summary>
    /// <param name="count">How many.</param>
    /// <returns>Ends when the server has confirmed them, and all before them.</returns>
    public Task Sent(int count)
    {
        lock (_gate)
        {
            _sent += (ulong)count;
            if (_broken is { } broken)
            {
                return Task.FromException(broken);
            }

            if (_confirmed >= _sent)
            {
                return Task.CompletedTask;
            }

            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue((_sent, done));
            return done.Task;
        }
    }

    /// <summary>Notes a confirm.</summary>
    /// <param name="number">The message.</param>
    /// <param name="multiple">Whether all before it are confirmed too.</param>
    public Task Confirmed(ulong number, bool multiple)
    {
        lock (_gate)
        {
            if (multiple)
            {
                _confirmed = Math.Max(_confirmed, number);
            }
            else if (number == _confirmed + 1)
            {
                _confirmed = number;
            }
            else
            {
                _early.Add(number);
            }

            while (_early.Count > 0 && _early.Min <= _confirmed + 1)
            {
                _confirmed = Math.Max(_confirmed, _early.Min);
                _early.Remove(_early.Min);
            }

            while (_waiting.TryPeek(out var first) && first.Last <= _confirmed)
            {
                _waiting.Dequeue().Done.TrySetResult();
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Fails everything that is not confirmed. What is published again does no harm; what is believed to be there and is not would.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="isSilence">Whether nothing was said at all.</param>
    public Task Break(string reason, bool isSilence = false)
    {
        lock (_gate)
        {
            _broken ??= new BrokerUnavailableException(reason) { IsSilence = isSilence };
            while (_waiting.TryDequeue(out var waiting))
            {
                waiting.Done.TrySetException(_broken);
            }
        }

        return Task.CompletedTask;
    }
}
