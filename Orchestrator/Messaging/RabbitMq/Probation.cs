using System.Threading.Channels;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// Hands out the tasks that other agents had before, one after the other: each of them may be what cut those agents off, and takes everything with it that is delivered to this one. So the next one
/// waits until the one before is over or has shown for a moment that it does no harm; the harmless ones are done before the poison comes again, and do not share its deliveries up to the limit.
/// For one reader at a time.
/// </summary>
/// <param name="held">What is still here.</param>
/// <param name="time">The clock.</param>
internal sealed class Probation(HeldTasks held, TimeProvider time)
{
    /// <summary>How long one must last before the next one begins.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(1);

    private readonly Queue<HeldTask> _aside = new();
    private HeldTask? _current;

    /// <summary>Whether a task waits for another one to be over.</summary>
    public bool HasWaiting => _aside.Count > 0;

    /// <summary>Takes the next task that may begin now.</summary>
    /// <param name="offered">Tasks in the order of their arrival.</param>
    /// <returns>It is handed out. Null: there is none.</returns>
    public HeldTask? TakeNext(ChannelReader<HeldTask> offered)
    {
        while (_aside.Count > 0 && !IsBusy())
        {
            if (_aside.Dequeue() is var next && held.TryClaim(next, time.GetTimestamp()))
            {
                return _current = next;
            }
        }

        while (offered.TryRead(out var next))
        {
            if (next.IsDoubtful && (_aside.Count > 0 || IsBusy()))
            {
                _aside.Enqueue(next);
            }
            else if (held.TryClaim(next, time.GetTimestamp()))
            {
                _current = next.IsDoubtful ? next : _current;
                return next;
            }
        }

        return null;
    }

    private bool IsBusy() => _current is { ClaimedAt: { } began } && ReferenceEquals(held.Find(_current.Task.TaskId), _current) && time.GetElapsedTime(began) < Duration;
}
