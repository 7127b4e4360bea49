using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// Finds out whose fault it was that a task died. The server counts every delivery to an agent that was cut off, also of the hundreds that only waited beside the one that it was at: a task that its
/// agent began again and again, and one that an agent could not read, is poison, fails its stage and becomes a dead letter for people; every other one is published again.
/// </summary>
internal sealed partial class SuspectJudge(
    ITaskFeed feed, ITaskDispatch dispatch, DispatchLedger ledger, RabbitMqLink link, RabbitMqOptions options, TimeProvider time, ILogger<SuspectJudge> logger) : BackgroundService
{
    private const ushort PrefetchCount = 20;

    // What kills agents before they can say that they begin is found by this.
    private const int MostAcquittals = 10;
    private const int MostKnown = 10_000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Dictionary<TaskId, int> _acquittals = [];

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

    /// <summary>Judges one task: fails its stage, or offers it again.</summary>
    /// <param name="delivery">The task's message.</param>
    /// <param name="cancellationToken">Gives up; the message is read again.</param>
    /// <returns>Whether it is a dead letter.</returns>
    public async Task<bool> IsPoisonAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        if (!TaskId.TryParse(delivery.Properties.MessageId, CultureInfo.InvariantCulture, out var taskId))
        {
            LogNoTask(delivery.Properties.MessageId);
            return true;
        }

        while (true)
        {
            try
            {
                if (IsInnocent(taskId, delivery))
                {
                    await AcquitAsync(taskId, cancellationToken);
                    return false;
                }

                var receipts = await feed.ReportAsync([Poisoned(taskId, delivery)], cancellationToken);
                LogPoisoned(taskId.WorkflowId, taskId.Stage, taskId.Attempt, ReasonOf(delivery), receipts[0].Status);
                _acquittals.Remove(taskId);
                return true;
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
        // The last session may have ended because somebody deleted the queue.
        await link.DeclareSharedAsync(connection, cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        var inbox = Channel.CreateUnbounded<Delivery>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        await channel.BasicQosAsync(0, PrefetchCount, global: false, cancellationToken);
        await channel.BasicConsumeAsync(RabbitMqNames.Suspects, autoAck: false, new EnvelopeConsumer(channel, inbox.Writer), cancellationToken);
        await foreach (var delivery in inbox.Reader.ReadAllAsync(cancellationToken))
        {
            if (await IsPoisonAsync(delivery, cancellationToken))
            {
                // Which makes it a dead letter.
                await channel.BasicRejectAsync(delivery.Tag, requeue: false, cancellationToken);
            }
            else
            {
                await channel.BasicAckAsync(delivery.Tag, multiple: false, cancellationToken);
            }
        }
    }

    private bool IsInnocent(TaskId taskId, Delivery delivery) =>
        ReasonOf(delivery) == DeathReason.DeliveryLimit && dispatch.CountStarts(taskId) <= options.DeliveryLimit / 2 && _acquittals.GetValueOrDefault(taskId) < MostAcquittals;

    private async Task AcquitAsync(TaskId taskId, CancellationToken cancellationToken)
    {
        if (_acquittals.Count >= MostKnown)
        {
            _acquittals.Clear();
        }

        _acquittals[taskId] = _acquittals.GetValueOrDefault(taskId) + 1;

        // Noted first: it may be published before this call returns.
        ledger.Doubt([taskId]);
        var became = (await dispatch.ReturnAsync([taskId], cancellationToken))[0];
        LogAcquitted(taskId.WorkflowId, taskId.Stage, taskId.Attempt, options.DeliveryLimit + 1, became);
        if (became is not DispatchReturn.Offered)
        {
            ledger.Forget([taskId]);
            _acquittals.Remove(taskId);
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
                        ? $"The task was delivered {options.DeliveryLimit + 1} times, and its agent was cut off each time before it could end it."
                        : $"An agent refused the task's message. {delivery.Problem}".TrimEnd(),
                    SuggestedAction = $"Look at the agents' logs, and at the message with 'stack dead-letters list'. Replaying it tries the stage again.",
                },
            },
        };
    }

    private static string ReasonOf(Delivery delivery) => DeathReason.Of(delivery.Properties) ?? "unknown";

    [LoggerMessage(Level = LogLevel.Error, Message = "Workflow {WorkflowId} stage {Stage} attempt {Attempt}: its task is a dead letter ({Reason}); the stage was failed as poison ({Status})")]
    private partial void LogPoisoned(WorkflowId workflowId, string stage, int attempt, string reason, ReceiptStatus status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workflow {WorkflowId} stage {Stage} attempt {Attempt}: delivered {Deliveries} times to agents that were cut off, and not found to be at fault ({Became})")]
    private partial void LogAcquitted(WorkflowId workflowId, string stage, int attempt, int deliveries, DispatchReturn became);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A dead letter names no task (message id {MessageId}); it is kept in stack.dead-letter")]
    private partial void LogNoTask(string? messageId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The poisoned task {TaskId} could not be reported; it is tried again. {Reason}")]
    private partial void LogNotReported(TaskId taskId, string reason);
}
