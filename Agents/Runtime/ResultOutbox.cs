using System.Threading.Channels;
using Stack.Contracts;
using Stack.Messaging.Http;

namespace Stack.Agents.Runtime;

/// <summary>
/// Hands results in, as many as are waiting in one call, and keeps each until its receipt. A result that took a second or more to make is on disk before it is sent; others go
/// to disk when a receipt is slow to come or the process ends: making them again costs less than a file each.
/// </summary>
/// <param name="feed">Where they go.</param>
/// <param name="table">Learns of the receipts.</param>
/// <param name="folder">The disk.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where refusals are written.</param>
internal sealed partial class ResultOutbox(ITaskFeed feed, AttemptTable table, OutboxFolder folder, TimeProvider time, ILogger<ResultOutbox> logger)
{
    private const int MostPerCall = 500;
    private const int MostBytesPerCall = 8 * 1024 * 1024;
    private const long WorthKeepingMs = 1_000;

    private static readonly TimeSpan SlowReceipt = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Channel<Entry> _waiting = Channel.CreateUnbounded<Entry>(new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });
    private readonly BatchPace _pace = new();
    private List<Entry> _batch = [];
    private int _undelivered;
    private volatile TaskCompletionSource? _allDelivered;

    /// <summary>How many results have no receipt yet.</summary>
    public int Undelivered => Volatile.Read(ref _undelivered);

    /// <summary>Counts a result that is about to come: from now on <see cref="WaitUntilDeliveredAsync"/> waits for it.</summary>
    public void Expect() => Interlocked.Increment(ref _undelivered);

    /// <summary>Takes a result to deliver, which was counted by <see cref="Expect"/>.</summary>
    /// <param name="result">The result.</param>
    public void Add(ResultEnvelope result)
    {
        var entry = new Entry(result, file: null);
        if (result.Usage.DurationMs >= WorthKeepingMs)
        {
            Keep([entry]);
        }

        _waiting.Writer.TryWrite(entry);
    }

    /// <summary>Takes up what an earlier process left.</summary>
    /// <returns>How many results.</returns>
    public int TakeUp()
    {
        var count = 0;
        foreach (var (file, results) in folder.Left())
        {
            foreach (var (index, result) in results.Index())
            {
                Interlocked.Increment(ref _undelivered);
                table.Hold(result.TaskId);

                // The file goes with its last result.
                _waiting.Writer.TryWrite(new Entry(result, index == results.Count - 1 ? file : null) { IsKept = true });
                count++;
            }
        }

        return count;
    }

    /// <summary>Delivers until it is told to stop; then keeps on disk what is left.</summary>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (_batch.Count > 0 || await _waiting.Reader.WaitToReadAsync(cancellationToken))
            {
                await _pace.GatherAsync();
                await TryRunOnceAsync(cancellationToken);
            }
        }
        finally
        {
            KeepRest();
        }
    }

    /// <summary>Delivers what is waiting, up to one call's worth.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How many results have their receipts.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var size = 0;
        while (_batch.Count < MostPerCall && size < MostBytesPerCall && _waiting.Reader.TryRead(out var entry))
        {
            _batch.Add(entry);
            size += SizeOf(entry.Result);
        }

        _pace.Took(_batch.Count);
        await DeliverAsync(_batch, cancellationToken);
        var delivered = _batch.Count;
        _batch = [];
        return delivered;
    }

    /// <summary>Waits until every result has its receipt.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task WaitUntilDeliveredAsync(CancellationToken cancellationToken)
    {
        var delivered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _allDelivered = delivered;
        if (Undelivered > 0)
        {
            await delivered.Task.WaitAsync(cancellationToken);
        }
    }

    private async Task TryRunOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunOnceAsync(cancellationToken);
        }
        catch (TaskFeedException exception) when (exception.IsTransient)
        {
            Keep(_batch);
            await Task.Delay(exception.RetryAfter ?? Pause, time, cancellationToken);
        }
    }

    private async Task DeliverAsync(List<Entry> batch, CancellationToken cancellationToken)
    {
        try
        {
            var call = feed.ReportAsync(batch.ConvertAll(entry => entry.Result), cancellationToken);
            if (!call.IsCompleted && batch.Exists(entry => !entry.IsKept))
            {
                await KeepWhenSlowAsync(call, batch, cancellationToken);
            }

            Settle(batch, await call);
        }
        catch (TaskFeedException exception) when (!exception.IsTransient)
        {
            await DivideAsync(batch, exception, cancellationToken);
        }
    }

    private async Task KeepWhenSlowAsync(Task call, List<Entry> batch, CancellationToken cancellationToken)
    {
        using var slow = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (await Task.WhenAny(call, Task.Delay(SlowReceipt, time, slow.Token)) == call)
        {
            await slow.CancelAsync();
            return;
        }

        Keep(batch);
    }

    // One result that the orchestrator does not take must not hold up the others.
    private async Task DivideAsync(List<Entry> batch, TaskFeedException exception, CancellationToken cancellationToken)
    {
        if (batch.Count > 1)
        {
            await DeliverAsync(batch.GetRange(0, batch.Count / 2), cancellationToken);
            await DeliverAsync(batch.GetRange(batch.Count / 2, batch.Count - (batch.Count / 2)), cancellationToken);
            return;
        }

        var entry = batch[0];
        LogRefused(entry.Result.TaskId, exception.Message);
        if (entry.IsReplacement)
        {
            // Not even the small one goes through: the attempt's deadline or lease will end it.
            Settle(entry, null);
            return;
        }

        await DeliverAsync([new Entry(Refused(entry.Result, exception), entry.File) { IsKept = entry.IsKept, IsReplacement = true }], cancellationToken);
    }

    private static ResultEnvelope Refused(ResultEnvelope result, TaskFeedException exception) => new()
    {
        TaskId = result.TaskId,
        AgentId = result.AgentId,
        Traceparent = result.Traceparent,
        StartedAt = result.StartedAt,
        Usage = result.Usage,
        Outcome = new StageOutcome.Failed
        {
            Error = new StructuredError
            {
                Code = "result_refused",
                Message = $"The orchestrator refused the attempt's result ({SizeOf(result)} bytes of output): {exception.Message}",
                Category = ErrorCategory.Validation,
                Class = FailureClass.Unproductive,
                SuggestedAction = "Make the output smaller, or put it into the workspace and name it as an artifact.",
            },
        },
    };

    private void Settle(List<Entry> batch, IReadOnlyList<ResultReceipt> receipts)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            Settle(batch[i], receipts[i]);
        }
    }

    private void Settle(Entry entry, ResultReceipt? receipt)
    {
        if (receipt is { Status: ReceiptStatus.Stale or ReceiptStatus.Unknown })
        {
            LogNotCounted(entry.Result.TaskId, receipt.Status, receipt.Reason);
        }

        table.Forget(entry.Result.TaskId);
        if (entry.File is { } file)
        {
            OutboxFolder.Remove(file);
        }

        if (Interlocked.Decrement(ref _undelivered) == 0)
        {
            _allDelivered?.TrySetResult();
        }
    }

    private void KeepRest()
    {
        while (_waiting.Reader.TryRead(out var entry))
        {
            _batch.Add(entry);
        }

        Keep(_batch);
    }

    private void Keep(List<Entry> batch)
    {
        var unkept = batch.FindAll(entry => !entry.IsKept);
        if (unkept.Count == 0)
        {
            return;
        }

        try
        {
            // The file goes with its last result.
            unkept[^1].File = folder.Keep(unkept.ConvertAll(entry => entry.Result));
            unkept.ForEach(entry => entry.IsKept = true);
        }
        catch (IOException exception)
        {
            // A full disk costs the results their second home, not their delivery.
            LogNotKept(unkept.Count, exception.Message);
        }
    }

    private static int SizeOf(ResultEnvelope result) => 500 + (result.Outcome switch
    {
        StageOutcome.Completed completed => completed.Output?.SizeBytes ?? 0,
        StageOutcome.Failed failed => failed.Output?.SizeBytes ?? 0,
        _ => 0,
    });

    [LoggerMessage(LogLevel.Error, "The result of {TaskId} was refused. {Reason}")]
    private partial void LogRefused(TaskId taskId, string reason);

    [LoggerMessage(LogLevel.Warning, "The result of {TaskId} did not count ({Status}). {Reason}")]
    private partial void LogNotCounted(TaskId taskId, ReceiptStatus status, string? reason);

    [LoggerMessage(LogLevel.Error, "{Count} results could not be kept on disk. {Reason}")]
    private partial void LogNotKept(int count, string reason);

    private sealed class Entry(ResultEnvelope result, string? file)
    {
        public ResultEnvelope Result { get; } = result;

        public string? File { get; set; } = file;

        public bool IsKept { get; set; }

        public bool IsReplacement { get; init; }
    }
}
