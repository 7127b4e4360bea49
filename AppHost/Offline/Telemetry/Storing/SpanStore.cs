namespace Aspire.Hosting.Offline;

/// <summary>The newest spans, and the traces they make. Not thread-safe.</summary>
internal sealed class SpanStore(TelemetryOptions options, ResourceTable resources)
{
    private readonly Ring<SpanEntry> ring = new(options.MostSpans);
    private readonly BlobBlocks blocks = new();
    private readonly Dictionary<UInt128, TraceEntry> traces = [];

    internal long Bytes { get; private set; }

    /// <summary>Spans that are kept.</summary>
    internal int Count { get; private set; }

    /// <summary>Spans that went because there was no room.</summary>
    internal long Dropped { get; private set; }

    /// <summary>Grows with every span.</summary>
    internal long Version => ring.Next;

    internal IReadOnlyCollection<TraceEntry> Traces => traces.Values;

    internal TraceEntry? FindTrace(UInt128 id) => traces.GetValueOrDefault(id);

    internal ref readonly SpanEntry this[long number] => ref ring[number];

    internal bool Has(long number) => ring.Has(number);

    /// <summary>The spans of a trace, the one that came last first.</summary>
    internal IEnumerable<long> SpansOf(TraceEntry trace)
    {
        for (var number = trace.Last; ring.Has(number); number = ring[number].Previous)
        {
            if (ring[number].Resource != SpanEntry.Cleared)
            {
                yield return number;
            }
        }
    }

    internal void Add(in SpanEntry parsed, ReadOnlySpan<byte> record)
    {
        while (ring.IsFull || (Bytes + record.Length > options.MostRecordBytes && Count > 0))
        {
            DropFirst();
        }
        var entry = parsed with { Record = blocks.Add(record), Previous = -1 };
        Bytes += record.Length;
        Count++;
        if (!traces.TryGetValue(entry.Trace, out var trace))
        {
            traces.Add(entry.Trace, trace = new TraceEntry(entry.Trace));
        }
        entry.Previous = trace.Last;
        trace.Last = ring.Add(entry);
        trace.Root = entry.Parent == 0 ? trace.Last : trace.Root;
        trace.Start = Math.Min(trace.Start, entry.Start);
        trace.End = Math.Max(trace.End, entry.End);
        trace.MayHave |= TraceEntry.Bit(entry.Resource);
        Tally(entry, trace, 1);
    }

    /// <summary>Forgets the spans of a resource, or of all.</summary>
    internal void Clear(int? resource)
    {
        for (var number = ring.First; number < ring.Next; number++)
        {
            ref var entry = ref ring[number];
            if (entry.Resource != SpanEntry.Cleared && (resource is null || entry.Resource == resource))
            {
                Forget(entry);
                entry.Resource = SpanEntry.Cleared;
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
        if (entry.Resource != SpanEntry.Cleared)
        {
            Forget(entry);
            Dropped++;
        }
        ring.DropFirst();
    }

    private void Forget(in SpanEntry entry)
    {
        var trace = traces[entry.Trace];
        Tally(entry, trace, -1);
        Bytes -= entry.Record.Length;
        Count--;
        if (trace.Spans == 0)
        {
            traces.Remove(trace.Id);
        }
    }

    private void Tally(in SpanEntry entry, TraceEntry trace, int change)
    {
        var resource = resources[entry.Resource];
        trace.Spans += change;
        resource.Spans += change;
        if (entry.Status == SpanStatus.Error)
        {
            trace.Errors += change;
            resource.SpanErrors += change;
        }
    }
}
