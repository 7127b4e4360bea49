using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// Takes an agent's tasks off the broker, as many as it has free slots. A task that takes long is settled while it is under way: its lease guards it by then, and the server would close the
/// channel of a delivery that stays open for half an hour. The slot that it takes is kept free by a consumer with a smaller prefetch.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle nobody uses holds nothing, and some may still release it.")]
internal sealed partial class TaskSubscription(
    HeldTasks held, RabbitMqLink link, RabbitMqOptions options, TimeProvider time, ILogger<TaskSubscription> logger)
{
    // While little goes on a task is begun by the thread that read it: each hand-over between threads is a good part of what this side adds to a task's way.
    private readonly Channel<HeldTask> _offered = Channel.CreateUnbounded<HeldTask>(new UnboundedChannelOptions { AllowSynchronousContinuations = true });
    private readonly SemaphoreSlim _changed = new(0, 1);
    private volatile TaskSession? _session;
    private volatile bool _draining;

    /// <summary>Tasks to hand out.</summary>
    public ChannelReader<HeldTask> Offered => _offered.Reader;

    /// <summary>Takes tasks until it is told to stop.</summary>
    /// <param name="registration">Whose.</param>
    /// <param name="cancellationToken">Stops it; open deliveries go back.</param>
    public Task RunAsync(AgentRegistration registration, CancellationToken cancellationToken) =>
        link.RunSessionsAsync((connection, token) => RunSessionAsync(connection, registration, token), cancellationToken);

    /// <summary>Takes no more tasks, and gives back those that wait.</summary>
    public async Task DrainAsync()
    {
        if (_draining || _session is not { } session)
        {
            _draining = true;
            return;
        }

        _draining = true;
        try
        {
            await session.ResizeAsync(0, CancellationToken.None);
        }
        catch (Exception exception) when (BrokerFailures.IsTransient(exception, CancellationToken.None))
        {
            // The channel is lost, and with it the consumer.
        }

        foreach (var waiting in held.TakeWaiting())
        {
            await (waiting.Session?.RefuseAsync(waiting.Tag, requeue: true) ?? Task.CompletedTask);
        }
    }

    /// <summary>Tells the server to forget tasks.</summary>
    public async Task SettleAsync(IEnumerable<HeldTask> tasks)
    {
        var early = false;
        foreach (var group in tasks.GroupBy(task => task.Session))
        {
            early |= group.Any(task => task.IsSettledEarly || task.Generation != group.Key?.Generation);
            if (group.Key is { } session)
            {
                await session.AcknowledgeAsync(group.Select(task => task.Tag).ToList());
            }
        }

        if (early)
        {
            Wake();
        }
    }

    private async Task RunSessionAsync(IConnection connection, AgentRegistration registration, CancellationToken cancellationToken)
    {
        var inbox = Channel.CreateUnbounded<Delivery>(new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });
        var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await using var session = new TaskSession(channel, RabbitMqNames.Tasks(registration.AgentType), inbox.Writer, time);
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var fitting = FitAsync(session, inbox.Writer, registration.MaxConcurrency, together.Token);
        _session = session;
        try
        {
            await foreach (var delivery in inbox.Reader.ReadAllAsync(together.Token))
            {
                await ArriveAsync(session, delivery);
            }
        }
        finally
        {
            // The end of the channel may be what runs this: it is told first, and the channel disposed of then.
            await Task.Yield();
            _session = null;
            held.Lose(session);
            await together.CancelAsync();
            await fitting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ArriveAsync(TaskSession session, Delivery delivery)
    {
        if (delivery.Envelope is not TaskEnvelope task)
        {
            LogUnreadable(delivery.Properties.MessageId, delivery.Problem ?? $"It is a {delivery.Envelope!.GetType().Name}.");
            MessagingTelemetry.WasRejected();
            await session.RefuseAsync(delivery.Tag, requeue: false);
            return;
        }

        var isAgain = delivery.Properties.Headers?.ContainsKey(RabbitMqNames.AgainHeader) == true;
        var arrived = new HeldTask
        {
            Task = task,
            ReplyTo = delivery.Properties.ReplyTo,
            IsDoubtful = delivery.IsRedelivered || isAgain,
            IsAgain = isAgain,
            Session = session,
            Generation = session.Generation,
            Tag = delivery.Tag,
        };
        switch (held.Arrive(arrived))
        {
            case Arrival.Offer when _draining:
                held.Remove(task.TaskId, done: false);
                await session.RefuseAsync(delivery.Tag, requeue: true);
                break;
            case Arrival.Offer:
                _offered.Writer.TryWrite(arrived);
                break;
            case Arrival.Settle:
                await session.AcknowledgeAsync([delivery.Tag]);
                break;
        }
    }

    // Keeps the prefetch at the number of free slots, counting those that the consumer does not know of.
    private async Task FitAsync(TaskSession session, ChannelWriter<Delivery> inbox, int slots, CancellationToken cancellationToken)
    {
        var pause = TimeSpan.FromTicks(Math.Clamp(options.LongAttempt.Ticks / 4, TimeSpan.TicksPerSecond / 4, 10 * TimeSpan.TicksPerSecond));
        var most = Prefetch.For(slots);
        try
        {
            while (true)
            {
                await FitOnceAsync(session, most, cancellationToken);
                await _changed.WaitAsync(pause, cancellationToken);
            }
        }
        catch (Exception exception) when (BrokerFailures.IsTransient(exception, cancellationToken))
        {
            // There may be no consumer now, on a connection that stands: the session ends, and the next one makes another.
            LogLost(BrokerFailures.CauseOf(exception));
            inbox.TryComplete(new BrokerUnavailableException(BrokerFailures.CauseOf(exception)));
        }
    }

    private async Task FitOnceAsync(TaskSession session, int most, CancellationToken cancellationToken)
    {
        var longOnes = held.TakeLong(time.GetTimestamp() - (long)(options.LongAttempt.TotalSeconds * time.TimestampFrequency));
        var beside = held.CountBeside(session, session.Generation) + longOnes.Count(task => ReferenceEquals(task.Session, session) && task.Generation == session.Generation);
        var ideal = _draining ? 0 : Math.Max(0, most - beside);
        if (Math.Abs(ideal - session.PrefetchCount) >= Math.Max(1, most / 4) || (ideal == 0) != (session.PrefetchCount == 0))
        {
            // For the next consumer all that are here now are beside it.
            await session.ResizeAsync(_draining ? 0 : Math.Max(0, most - held.Count), cancellationToken);
        }

        foreach (var task in longOnes)
        {
            task.IsSettledEarly = true;
            (var open, task.Session) = (task.Session, null);
            await (open?.AcknowledgeAsync([task.Tag]) ?? Task.CompletedTask);
        }
    }

    private void Wake()
    {
        try
        {
            _changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A message that is no task (message id {MessageId}) went to the dead letters. {Problem}")]
    private partial void LogUnreadable(string? messageId, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "The channel of tasks was lost; it is opened again. {Reason}")]
    private partial void LogLost(string reason);
}
