using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// Tells all agents which attempts to stop, beside the heartbeats' answers: it reaches attempts that wait at an agent or at the broker, and agents that talk to another orchestrator.
/// Lost without harm: the result of such an attempt does not count, and the next heartbeat says the same.
/// </summary>
internal sealed partial class CancelBroadcast : BackgroundService
{
    private const int Capacity = 10_000;
    private readonly ConfirmedPublisher _publisher;
    private readonly ILogger<CancelBroadcast> _logger;
    private readonly Channel<OutgoingMessage> _waiting =
        Channel.CreateBounded<OutgoingMessage>(new BoundedChannelOptions(Capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });

    public CancelBroadcast(ConfirmedPublisher publisher, DispatchLedger ledger, ILogger<CancelBroadcast> logger)
    {
        (_publisher, _logger) = (publisher, logger);
        ledger.OnStopped((task, reason) => Send(new CancelEnvelope { TaskId = task, Reason = reason }, agentId: null));
    }

    /// <summary>Sends a cancel.</summary>
    /// <param name="cancel">The cancel.</param>
    /// <param name="agentId">Only this agent stops the attempt; another may hold it rightly. Null: whoever has it.</param>
    public void Send(CancelEnvelope cancel, AgentId? agentId) => _waiting.Writer.TryWrite(EnvelopeMessages.OfCancel(cancel, agentId));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                var batch = new List<OutgoingMessage>();
                while (_waiting.Reader.TryRead(out var message))
                {
                    batch.Add(message);
                }

                await SendAsync(batch, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Heartbeats tell what is left.
        }
    }

    private async Task SendAsync(List<OutgoingMessage> batch, CancellationToken cancellationToken)
    {
        try
        {
            await _publisher.PublishAsync(batch, cancellationToken);
        }
        catch (BrokerUnavailableException exception)
        {
            LogNotSent(batch.Count, exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} cancels were not sent through the broker; heartbeats carry them. {Reason}")]
    private partial void LogNotSent(int count, string reason);
}
