using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>Says that an attempt was begun, once it has lasted a moment: that gives it its lease. One that ends sooner costs no message.</summary>
internal sealed partial class StartNotices(HeldTasks held, ConfirmedPublisher publisher, RabbitMqOptions options, TimeProvider time, ILogger<StartNotices> logger)
{
    private readonly Channel<(TaskId Task, AgentId Agent, long At)> _begun = Channel.CreateUnbounded<(TaskId, AgentId, long)>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Notes that an attempt was begun.</summary>
    public void Begun(TaskId task, AgentId agent) => _begun.Writer.TryWrite((task, agent, time.GetTimestamp()));

    /// <summary>The notice of a task that has none yet. Null: it has, or is over.</summary>
    public OutgoingMessage? Take(TaskId task, AgentId agent)
    {
        if (held.Find(task) is not { IsNoticed: false } found)
        {
            return null;
        }

        found.IsNoticed = true;
        return EnvelopeMessages.OfReply(
            new StatusEnvelope { TaskId = task, AgentId = agent, At = time.GetUtcNow(), Traceparent = found.Task.Traceparent, Tracestate = found.Task.Tracestate }, found.ReplyTo);
    }

    /// <summary>Sends notices until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var due = new List<OutgoingMessage>();
        while (await _begun.Reader.WaitToReadAsync(cancellationToken))
        {
            while (_begun.Reader.TryPeek(out var next) && await IsDueAsync(next.At, due.Count > 0, cancellationToken))
            {
                _begun.Reader.TryRead(out _);
                if (Take(next.Task, next.Agent) is { } notice)
                {
                    due.Add(notice);
                }
            }

            await SendAsync(due, cancellationToken);
            due.Clear();
        }
    }

    private async ValueTask<bool> IsDueAsync(long at, bool hasOthers, CancellationToken cancellationToken)
    {
        var left = options.StartNoticeDelay - time.GetElapsedTime(at);
        if (left <= TimeSpan.Zero)
        {
            return true;
        }

        if (hasOthers)
        {
            return false;
        }

        await Task.Delay(left, time, cancellationToken);
        return true;
    }

    private async Task SendAsync(List<OutgoingMessage> due, CancellationToken cancellationToken)
    {
        try
        {
            await publisher.PublishAsync(due, cancellationToken);
        }
        catch (BrokerUnavailableException exception)
        {
            // Heartbeats say the same, only later.
            LogNotSent(due.Count, exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Count} start notices were not sent; heartbeats tell. {Reason}")]
    private partial void LogNotSent(int count, string reason);
}
