namespace Aspire.Hosting.Offline;

/// <summary>The newest log records; a record's number is its id. Not thread-safe.</summary>
internal sealed class LogStore(TelemetryOptions options, ResourceTable resources)
{
    private readonly Ring<LogEntry> ring = new(options.MostLogs);
    private readonly BlobBlocks blocks = new();

    internal long Bytes { get; private set; }

    internal int Count { get; private set; }

    /// <summary>Records that went because there was no room.</summary>
    internal long Dropped { get; private set; }

    /// <summary>The id of the oldest.</summary>
    internal long First => ring.First;

    /// <summary>The id that the next one gets.</summary>
    internal long Next => ring.Next;

    internal ref readonly LogEntry this[long id] => ref ring[id];

    internal bool Has(long id) => ring.Has(id) && ring[id].Resource != LogEntry.Cleared;

    internal void Add(in LogEntry parsed, ReadOnlySpan<byte> record)
    {
        while (ring.IsFull || (Bytes + record.Length > options.MostRecordBytes && Count > 0))
        {
            DropFirst();
        }
        ring.Add(parsed with { Record = blocks.Add(record) });
        Bytes += record.Length;
        Count++;
        Tally(parsed, 1);
    }

    /// <summary>Forgets the records of a resource, or of all.</summary>
    internal void Clear(int? resource)
    {
        for (var id = ring.First; id < ring.Next; id++)
        {
            ref var entry = ref ring[id];
            if (entry.Resource != LogEntry.Cleared && (resource is null || entry.Resource == resource))
            {
                Forget(entry);
                entry.Resource = LogEntry.Cleared;
                entry.Record = new Blob([], 0, 0);
            }
        }
        if (Count == 0)
        {
            ring.Clear();
            blocks.Clear();
        }
    }

    private void DropFirst()
    {
        var entry = ring[ring.First];
        if (entry.Resource != LogEntry.Cleared)
        {
            Forget(entry);
            Dropped++;
        }
        ring.DropFirst();
    }

    private void Forget(in LogEntry entry)
    {
        Tally(entry, -1);
        Bytes -= entry.Record.Length;
        Count--;
    }

    private void Tally(in LogEntry entry, int change)
    {
        var resource = resources[entry.Resource];
        resource.Logs += change;
        resource.Errors += entry.Severity >= LogSeverity.Error ? change : 0;
        resource.Warnings += entry.Severity == LogSeverity.Warning ? change : 0;
    }
}
