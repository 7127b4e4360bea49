using System.Security.Cryptography;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Keeps the newest telemetry in memory, within bounds, and gives it to the journal, which keeps it on disk. Thread-safe. What was accepted is readable at once; it is on
/// disk when the journal wrote its next batch.
/// </summary>
internal sealed class TelemetryStore(TelemetryOptions options, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly TelemetryContent content = new(options);
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TelemetryVersion version;

    /// <summary>Names this run: ids of records mean something within one run only.</summary>
    internal string Run { get; } = RandomNumberGenerator.GetHexString(8, lowercase: true);

    internal TelemetryOptions Options => options;

    /// <summary>Where what is accepted goes, too; null while there is none.</summary>
    internal TelemetryJournal? Journal { get; set; }

    internal TelemetryVersion Version
    {
        get
        {
            lock (gate)
            {
                return version;
            }
        }
    }

    /// <summary>Keeps the records of an export request in protobuf. Throws <see cref="MalformedTelemetryException"/>, and keeps nothing then.</summary>
    internal IngestResult Add(TelemetrySignal signal, ReadOnlySpan<byte> request)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            var result = content.Add(signal, request, now);
            if (Journal is { } journal && (signal != TelemetrySignal.Metrics || content.AreMetricsDue()))
            {
                journal.Append(JournalEntryKind.Request, signal, now, request, (int)result.Accepted);
            }
            Announce(signal);
            return result;
        }
    }

    /// <summary>Keeps what an earlier run wrote to disk. It goes in before anything of this run does.</summary>
    internal void Restore(JournalEntryKind kind, TelemetrySignal signal, DateTimeOffset received, ReadOnlySpan<byte> request)
    {
        lock (gate)
        {
            try
            {
                if (kind == JournalEntryKind.Request)
                {
                    content.Add(signal, request, received);
                }
                else
                {
                    content.Clear(signal, JournalEntry.ResourceOf(request));
                }
            }
            catch (MalformedTelemetryException)
            {
                // Another version wrote it; what follows can be read.
            }
            Announce(signal);
        }
    }

    /// <summary>Forgets a signal of a resource, on disk too. Null is all resources.</summary>
    internal void Clear(TelemetrySignal signal, string? resource)
    {
        lock (gate)
        {
            content.Clear(signal, resource);
            Journal?.Append(JournalEntryKind.Clear, signal, time.GetUtcNow(), JournalEntry.ClearOf(resource), items: 0);
            version = version with { Cleared = version.Cleared + 1 };
            Announce(signal);
        }
    }

    /// <summary>Reads; everything waits meanwhile, so what is returned must be a copy, soon made.</summary>
    internal T Read<T>(Func<TelemetryContent, T> read)
    {
        lock (gate)
        {
            return read(content);
        }
    }

    /// <summary>Waits until the version is another than the one that was seen.</summary>
    internal async Task<TelemetryVersion> WaitForChangeAsync(TelemetryVersion seen, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (version != seen)
                {
                    return version;
                }
                next = changed.Task;
            }
            await next.WaitAsync(cancellationToken);
        }
    }

    private void Announce(TelemetrySignal signal)
    {
        version = version with
        {
            Logs = content.Logs.Next,
            Spans = content.Spans.Version,
            Metrics = version.Metrics + (signal == TelemetrySignal.Metrics ? 1 : 0),
            Resources = content.Resources.Count,
        };
        var waiting = changed;
        changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.TrySetResult();
    }
}
