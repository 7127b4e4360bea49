namespace Aspire.Hosting.Offline;

/// <summary>A trace of which at least one span is kept.</summary>
internal sealed class TraceEntry(UInt128 id)
{
    internal UInt128 Id { get; } = id;

    /// <summary>The start of its earliest span, in nanoseconds since 1970.</summary>
    internal long Start { get; set; } = long.MaxValue;

    internal long End { get; set; }

    internal int Spans { get; set; }

    internal int Errors { get; set; }

    /// <summary>The span that came last; the others follow by <see cref="SpanEntry.Previous"/>.</summary>
    internal long Last { get; set; } = -1;

    /// <summary>The span without a parent; less than the oldest kept when it has not arrived, or is gone.</summary>
    internal long Root { get; set; } = -1;

    /// <summary>A bit per resource that may be in it, by number modulo 64.</summary>
    internal ulong MayHave { get; set; }

    internal static ulong Bit(int resource) => 1UL << (resource & 63);
}
