using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// Fails the stages whose tasks are dead letters, as poison: tasks that cut off one agent after the other, and tasks that an agent could not read. The letter itself stays in
/// <c>stack.dead-letter</c> for people; this reads a copy.
/// </summary>
internal sealed partial class DeadTaskReader(ITaskFeed feed, RabbitMqLink link, RabbitMqOptions options, TimeProvider time, ILogger<DeadTaskReader> logger) : BackgroundService
{
    private const ushort PrefetchCount = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await link.RunSessionsAsync(RunSessionAsync, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is not acknowledged is read again.
        }
    }

    /// <summary>Fails the stage of one dead task.</summary>
    /// <param name="delivery">The task's message.</param>
    /// <param name="cancellationToken">Gives up; the message is read again.</param>
    public async Task HandleAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        if (!TaskId.TryParse(delivery.Properties.MessageId, CultureInfo.InvariantCulture, out var taskId))
        {
            LogNoTask(delivery.Properties.MessageId);
            return;
        }

        while (true)
        {
            try
            {
                var receipts = await feed.ReportAsync([Poisoned(taskId, delivery)], cancellationToken);
                LogPoisoned(taskId.WorkflowId, taskId.Stage, taskId.Attempt, ReasonOf(delivery), receipts[0].Status);
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                LogNotReported(taskId, exception.Message);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    private async Task RunSessionAsync(IConnection connection, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        var inbox = Channel.CreateUnbounded<Delivery>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        await channel.BasicQosAsync(0, PrefetchCount, global: false, cancellationToken);
        await channel.BasicConsumeAsync(RabbitMqNames.DeadTasks, autoAck: false, new EnvelopeConsumer(channel, inbox.Writer), cancellationToken);
        await foreach (var delivery in inbox.Reader.ReadAllAsync(cancellationToken))
        {
            await HandleAsync(delivery, cancellationToken);
            await channel.BasicAckAsync(delivery.Tag, multiple: false, cancellationToken);
        }
    }

    private ResultEnvelope Poisoned(TaskId taskId, Delivery delivery)
    {
        var limit = ReasonOf(delivery) == DeathReason.DeliveryLimit;
        return new ResultEnvelope
        {
            TaskId = taskId,
            AgentId = RabbitMqNames.Broker,
            Traceparent = delivery.Envelope?.Traceparent,
            Tracestate = delivery.Envelope?.Tracestate,
            Outcome = new StageOutcome.Failed
            {
                Error = new StructuredError
                {
                    Code = "poison_message",
                    Category = ErrorCategory.Poison,
                    Severity = ErrorSeverity.Fatal,
                    Class = FailureClass.Unproductive,
                    Message = limit
                        ? $"The task was delivered {options.DeliveryLimit + 1} times, and each agent that had it was cut off before it could end it."
                        : $"An agent refused the task's message. {delivery.Problem}".TrimEnd(),
                    SuggestedAction = $"Look at the agents' logs, and at the message with 'stack dead-letters list'. Replaying it tries the stage again.",
                },
            },
        };
    }

    private static string ReasonOf(Delivery delivery) => DeathReason.Of(delivery.Properties) ?? "unknown";

    [LoggerMessage(Level = LogLevel.Error, Message = "Workflow {WorkflowId} stage {Stage} attempt {Attempt}: its task is a dead letter ({Reason}); the stage was failed as poison ({Status})")]
    private partial void LogPoisoned(WorkflowId workflowId, string stage, int attempt, string reason, ReceiptStatus status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A dead letter names no task (message id {MessageId}); it is kept in stack.dead-letter")]
    private partial void LogNoTask(string? messageId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The poisoned task {TaskId} could not be reported; it is tried again. {Reason}")]
    private partial void LogNotReported(TaskId taskId, string reason);
}
