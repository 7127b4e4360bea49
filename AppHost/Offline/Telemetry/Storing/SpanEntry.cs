namespace Aspire.Hosting.Offline;

/// <summary>What is asked of every span when traces are listed; the rest is in its bytes: name, trace state, status message, attributes, events, links.</summary>
internal record struct SpanEntry
{
    /// <summary>The resource of a span that was cleared.</summary>
    internal const int Cleared = -1;

    internal UInt128 Trace { get; set; }

    internal ulong Id { get; set; }

    /// <summary>0 for a root.</summary>
    internal ulong Parent { get; set; }

    /// <summary>Nanoseconds since 1970.</summary>
    internal long Start { get; set; }

    internal long End { get; set; }

    /// <summary>The span of the same trace that came before this one; less than the oldest kept when there is none.</summary>
    internal long Previous { get; set; }

    internal Blob Record { get; set; }

    internal int Resource { get; set; }

    internal int Scope { get; set; }

    internal SpanKind Kind { get; set; }

    internal SpanStatus Status { get; set; }
}

/// <summary>OTLP's kinds of spans, in the order of their numbers.</summary>
internal enum SpanKind : byte
{
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

/// <summary>OTLP's status codes, in the order of their numbers.</summary>
internal enum SpanStatus : byte
{
    Unset,
    Ok,
    Error,
}
