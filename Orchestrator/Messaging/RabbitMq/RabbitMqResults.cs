using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// Takes results and statuses off the broker: those of the tasks that this orchestrator gave out, and those that nobody else takes. A message is acknowledged when what it said is durable,
/// in the order of arrival and many at a time; while one batch is on its way to the disk the next ones gather.
/// </summary>
internal sealed partial class RabbitMqResults(
    ReplyIntake intake, RabbitMqLink link, RabbitMqTopology topology, QueueDoctor doctor, RabbitMqInstance instance, TimeProvider time, ILogger<RabbitMqResults> logger) : BackgroundService
{
    private const int MostPerBatch = 500;
    private const int MostOwed = 500;
    private const int BatchesUnderWay = 4;
    private const ushort PrefetchCount = 2000;
    private static readonly TimeSpan OwnPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SharedPatience = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await link.RunSessionsAsync(RunSessionAsync, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is not acknowledged is delivered again, here or elsewhere.
        }
    }

    private async Task RunSessionAsync(IConnection connection, CancellationToken cancellationToken)
    {
        await PrepareAsync(connection, cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        var inbox = Channel.CreateUnbounded<Delivery>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = true });
        var consumer = new EnvelopeConsumer(channel, inbox.Writer, takesLists: true);
        await channel.BasicQosAsync(0, PrefetchCount, global: false, cancellationToken);
        await channel.BasicConsumeAsync(instance.Results, autoAck: false, consumer, cancellationToken);
        await channel.BasicConsumeAsync(RabbitMqNames.Results, autoAck: false, consumer, cancellationToken);

        var handled = Channel.CreateBounded<HandledBatch>(BatchesUnderWay);
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pace = new BatchPace();
        var acknowledging = AcknowledgeAsync(channel, handled, together.Token);
        try
        {
            while (!acknowledging.IsCompleted && await inbox.Reader.WaitToReadAsync(together.Token))
            {
                await pace.GatherAsync();
                var batch = new List<Delivery>();
                while (batch.Count < MostPerBatch && inbox.Reader.TryRead(out var delivery))
                {
                    batch.Add(delivery);
                }

                // A message is acknowledged as a whole, so it is taken as a whole.
                while (batch[^1].HasMore)
                {
                    batch.Add(await inbox.Reader.ReadAsync(together.Token));
                }

                pace.Took(batch.Count);
                var taken = await intake.TakeAsync(batch, together.Token);
                await handled.Writer.WriteAsync(new HandledBatch(batch, taken), together.Token);
            }

            await acknowledging;
        }
        finally
        {
            // The end of the channel may be what runs this: it is told first, and the channel disposed of then.
            await Task.Yield();
            await together.CancelAsync();
            await acknowledging.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task PrepareAsync(IConnection connection, CancellationToken cancellationToken)
    {
        await topology.DeclareSharedAsync(connection, cancellationToken);
        foreach (var queue in (string[])[RabbitMqNames.Results, RabbitMqNames.Suspects])
        {
            if (await doctor.RemoveIfDeadAsync(queue, SharedPatience, cancellationToken))
            {
                await topology.DeclareSharedAsync(connection, cancellationToken);
            }
        }

        await topology.DeclareResultsOfAsync(connection, instance.Id, cancellationToken);
        if (!await doctor.AnswersAsync(instance.Results, OwnPatience, cancellationToken))
        {
            // Its name is all that it has: another one costs nothing, and what is in it may yet be saved.
            LogRenamed(instance.Results);
            instance.Rename();
            await topology.DeclareResultsOfAsync(connection, instance.Id, cancellationToken);
        }
    }

    private async Task AcknowledgeAsync(IChannel channel, Channel<HandledBatch> handled, CancellationToken cancellationToken)
    {
        var (last, sent) = (0UL, 0UL);
        var acks = new OwedAcks(
            async () =>
            {
                // What was said twice would close the channel.
                if (Volatile.Read(ref last) is var upTo && upTo > sent)
                {
                    sent = upTo;
                    await channel.BasicAckAsync(upTo, multiple: true, CancellationToken.None);
                }
            },
            time);
        try
        {
            await foreach (var (batch, refusing) in handled.Reader.ReadAllAsync(cancellationToken))
            {
                // The server closes the channel when a message is acknowledged that was rejected.
                var rejected = await RejectAsync(channel, await refusing, cancellationToken);
                if (batch.FindLast(message => !rejected.Contains(message.Tag)).Tag is > 0 and var tag)
                {
                    Volatile.Write(ref last, tag);
                    await acks.AddAsync(batch.Count, MostOwed);
                }

                MessagingTelemetry.WasReceived(batch.Count);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await acks.SendAsync();
            throw;
        }
        catch (Exception exception)
        {
            // Whoever waits for room in it hears why there will be none.
            handled.Writer.TryComplete(exception);
            throw;
        }
    }

    private async Task<HashSet<ulong>> RejectAsync(IChannel channel, IReadOnlyList<Delivery> refused, CancellationToken cancellationToken)
    {
        var rejected = new HashSet<ulong>();
        foreach (var message in refused.DistinctBy(message => message.Tag))
        {
            LogRefused(message.Properties.MessageId, message.Problem);
            MessagingTelemetry.WasRejected();
            await channel.BasicRejectAsync(message.Tag, requeue: false, cancellationToken);
            rejected.Add(message.Tag);
        }

        return rejected;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue {Queue} does not answer; results come back to another one")]
    private partial void LogRenamed(string queue);

    [LoggerMessage(Level = LogLevel.Error, Message = "A message that is no result and no status (message id {MessageId}) went to the dead letters. {Problem}")]
    private partial void LogRefused(string? messageId, string? problem);

    private readonly record struct HandledBatch(List<Delivery> Batch, Task<IReadOnlyList<Delivery>> Refused);
}
