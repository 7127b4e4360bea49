using Microsoft.Extensions.Logging;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// Hands a batch of replies to the engine and ends when what they said is durable. While the store is away it tries again, so that nothing is acknowledged early and nothing is sent around
/// in circles. A result that fails while others do not has only itself to blame, and is refused in the end.
/// </summary>
internal sealed partial class ReplyIntake(ITaskFeed feed, DispatchLedger ledger, CancelBroadcast cancels, TimeProvider time, ILogger<ReplyIntake> logger)
{
    private const int TriesBeforeBlame = 10;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private long _lastSuccess;

    /// <summary>Takes a batch.</summary>
    /// <param name="batch">The messages, in order of arrival.</param>
    /// <param name="cancellationToken">Gives up; the messages are delivered again.</param>
    /// <returns>Ends when the statuses are told; what it gives ends when the results are durable, and names the messages that cannot be handled, ever.</returns>
    public async Task<Task<IReadOnlyList<Delivery>>> TakeAsync(IReadOnlyList<Delivery> batch, CancellationToken cancellationToken)
    {
        var refused = new List<Delivery>();
        var (statuses, results) = (new List<StatusEnvelope>(), new List<Delivery>(batch.Count));
        foreach (var delivery in batch)
        {
            switch (delivery.Envelope)
            {
                case ResultEnvelope:
                    results.Add(delivery);
                    break;
                case StatusEnvelope status:
                    statuses.Add(status);
                    break;
                default:
                    refused.Add(delivery with { Problem = delivery.Problem ?? $"A {delivery.Envelope?.GetType().Name} does not belong here." });
                    break;
            }
        }

        // What an attempt had to tell came before its result, and counts only before it.
        await UntilDoneAsync(() => TellAsync(statuses, cancellationToken), cancellationToken);
        return ReportAsync(results, refused, cancellationToken);
    }

    private async Task TellAsync(List<StatusEnvelope> statuses, CancellationToken cancellationToken)
    {
        if (statuses.Count == 0)
        {
            return;
        }

        foreach (var status in statuses.Where(IsStart))
        {
            if (!await feed.StartAsync(status.TaskId, status.AgentId, cancellationToken))
            {
                cancels.Send(new CancelEnvelope { TaskId = status.TaskId, Reason = "lost", Traceparent = status.Traceparent }, status.AgentId);
            }
        }

        var telling = statuses.Where(status => !IsStart(status)).ToList();
        if (telling.Count > 0)
        {
            await feed.ReportStatusAsync(telling, cancellationToken);
        }
    }

    private async Task<IReadOnlyList<Delivery>> ReportAsync(List<Delivery> results, List<Delivery> refused, CancellationToken cancellationToken)
    {
        if (results.Count == 0)
        {
            return refused;
        }

        var activities = results.Select(result => MessagingTelemetry.StartReceive("take result", result.Envelope!)).ToArray();
        try
        {
            await ReportTogetherAsync(results, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            LogNotTaken(results.Count, exception.Message);
            await Task.WhenAll(results.Select(result => ReportAloneAsync(result, refused, cancellationToken)));
        }
        finally
        {
            foreach (var activity in activities)
            {
                activity?.Dispose();
            }
        }

        return refused;
    }

    private async Task ReportTogetherAsync(List<Delivery> results, CancellationToken cancellationToken)
    {
        await feed.ReportAsync(results.ConvertAll(result => (ResultEnvelope)result.Envelope!), cancellationToken);
        Interlocked.Exchange(ref _lastSuccess, time.GetTimestamp());
        foreach (var result in results)
        {
            // Stale or counted: the agent is free again. What counted was noted already.
            ledger.Ended(result.Envelope!.TaskId);
        }
    }

    private async Task ReportAloneAsync(Delivery result, List<Delivery> refused, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        for (var tries = 1; ; tries++)
        {
            try
            {
                await ReportTogetherAsync([result], cancellationToken);
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                if (tries >= TriesBeforeBlame && Interlocked.Read(ref _lastSuccess) > began)
                {
                    lock (refused)
                    {
                        refused.Add(result with { Problem = exception.Message });
                    }

                    return;
                }

                await Task.Delay(PauseAfter(tries), time, cancellationToken);
            }
        }
    }

    private async Task UntilDoneAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await work();
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                if (tries >= TriesBeforeBlame)
                {
                    // Statuses are for people, and leases are renewed by heartbeats: results do not wait for them for ever.
                    LogStatusesDropped(exception.Message);
                    return;
                }

                await Task.Delay(PauseAfter(tries), time, cancellationToken);
            }
        }
    }

    private static bool IsStart(StatusEnvelope status) => status is { Message: null, ProgressPercent: null, Iteration: null, Log.Count: 0 };

    private static TimeSpan PauseAfter(int tries) => TimeSpan.FromMilliseconds(Math.Min(FirstPause.TotalMilliseconds * Math.Pow(2, tries - 1), LongestPause.TotalMilliseconds));

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} results could not be taken; each is tried again until it can. {Reason}")]
    private partial void LogNotTaken(int count, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Statuses were dropped. {Reason}")]
    private partial void LogStatusesDropped(string reason);
}
