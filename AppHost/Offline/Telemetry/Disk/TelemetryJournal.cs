using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Keeps telemetry on disk, so that it outlives the run: what was accepted is gathered in memory and written in blocks, a second later at most; a host that is killed loses
/// that second. When the disk takes no more, that is said once, telemetry goes on in memory, and every minute it is tried again. Thread-safe.
/// </summary>
internal sealed partial class TelemetryJournal(string directory, TelemetryOptions options, TimeProvider time, ILogger<TelemetryJournal> logger) : IDisposable
{
    private const int BlockBytes = 1 << 20;
    private const int MostWaitingBytes = 32 << 20;

    private static readonly TelemetrySignal[] Signals = Enum.GetValues<TelemetrySignal>();
    private static readonly TimeSpan UntilNextTry = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Queue<Waiting> waiting = [];
    private readonly Dictionary<TelemetrySignal, SegmentFiles> files = Signals.ToDictionary(signal => signal, signal => new SegmentFiles(directory, signal, options));
    private long waitingBytes;
    private long bytes;
    private long stoppedAt;

    internal string Directory => directory;

    /// <summary>Why nothing is written now; null while all is well.</summary>
    internal string? Failure { get; private set; }

    /// <summary>What the files take on disk.</summary>
    internal long Bytes => Interlocked.Read(ref bytes);

    /// <summary>Gives what earlier runs wrote to the store, the oldest first. What cannot be read is said and left out.</summary>
    internal void Read(TelemetryStore store, CancellationToken cancellationToken)
    {
        try
        {
            StateDirectory.Create(directory);
            long damaged = 0;
            foreach (var signal in Signals)
            {
                damaged += files[signal].Read((kind, received, content) => store.Restore(kind, signal, received, content), cancellationToken);
            }
            if (damaged > 0)
            {
                LogDamaged(damaged, directory);
            }
            Measure();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or DistributedApplicationException)
        {
            Stop(failure);
        }
    }

    /// <summary>Takes an entry; it is written later. An entry that clears everything takes the place of what waits.</summary>
    internal void Append(JournalEntryKind kind, TelemetrySignal signal, DateTimeOffset received, ReadOnlySpan<byte> content, int items)
    {
        lock (gate)
        {
            var isWipe = kind == JournalEntryKind.Clear && content.IsEmpty;
            if ((Failure is not null || waitingBytes > MostWaitingBytes) && !isWipe)
            {
                return;
            }
            var last = waiting.LastOrDefault(one => one.Signal == signal);
            if (last is null || last.IsWipe || isWipe || last.Entries.Length >= BlockBytes)
            {
                waiting.Enqueue(last = new Waiting(signal, isWipe));
            }
            if (!isWipe)
            {
                JournalBlock.WriteEntry(last.Entries, kind, received, content);
                last.Items += items;
                waitingBytes += content.Length;
            }
        }
    }

    /// <summary>Writes what waits, until it is told to end; then the rest.</summary>
    internal async Task RunAsync(CancellationToken ends)
    {
        while (!ends.IsCancellationRequested)
        {
            await Task.Delay(options.WriteInterval, time, ends).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            RunOnce();
        }
    }

    /// <summary>Writes what waits, and returns how many blocks that were.</summary>
    internal int RunOnce()
    {
        if (Failure is not null && time.GetElapsedTime(stoppedAt) < UntilNextTry)
        {
            return 0;
        }
        var written = 0;
        try
        {
            for (; TakeNext() is { } next; written++)
            {
                Write(next);
            }
            if (Failure is not null)
            {
                Resume();
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Stop(failure);
        }
        Measure();
        return written;
    }

    public void Dispose()
    {
        foreach (var one in files.Values)
        {
            one.Dispose();
        }
    }

    private void Write(Waiting next)
    {
        if (next.IsWipe)
        {
            files[next.Signal].Wipe();
        }
        else
        {
            files[next.Signal].Append(JournalBlock.Pack(next.Entries.Written, next.Items), next.Items);
        }
    }

    private Waiting? TakeNext()
    {
        lock (gate)
        {
            if (!waiting.TryDequeue(out var next))
            {
                waitingBytes = 0;
                return null;
            }
            return next;
        }
    }

    // Whether there is room again shows with a file that is not empty.
    private void Resume()
    {
        var probe = Path.Combine(directory, ".probe");
        try
        {
            StateDirectory.Create(directory);
            File.WriteAllBytes(probe, new byte[BlockBytes]);
        }
        catch (DistributedApplicationException failure)
        {
            throw new IOException(failure.Message, failure);
        }
        finally
        {
            File.Delete(probe);
        }
        lock (gate)
        {
            Failure = null;
        }
        LogResumed(directory);
    }

    private void Stop(Exception failure)
    {
        lock (gate)
        {
            if (Failure is null)
            {
                LogStopped(directory, failure.Message, Remedy(failure));
            }
            Failure = failure.Message;
            stoppedAt = time.GetTimestamp();
            waiting.Clear();
            waitingBytes = 0;
        }
    }

    private static string Remedy(Exception failure) => failure is UnauthorizedAccessException
        ? "Make it writable for this user, or choose another data directory with --data DIR"
        : "Free some space, or choose another data directory with --data DIR";

    private void Measure() => Interlocked.Exchange(ref bytes, files.Values.Sum(one => one.Bytes));

    private sealed class Waiting(TelemetrySignal signal, bool isWipe)
    {
        internal TelemetrySignal Signal => signal;

        internal bool IsWipe => isWipe;

        internal ByteWriter Entries { get; } = new();

        internal int Items { get; set; }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Telemetry is not written to {Directory} any more: {Reason} {Remedy}. It goes on in memory, and is written again when that is possible.")]
    private partial void LogStopped(string directory, string reason, string remedy);

    [LoggerMessage(Level = LogLevel.Information, Message = "Telemetry is written to {Directory} again.")]
    private partial void LogResumed(string directory);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Bytes} bytes of telemetry that an earlier run did not write to their end were cut off in {Directory}.")]
    private partial void LogDamaged(long bytes, string directory);
}
