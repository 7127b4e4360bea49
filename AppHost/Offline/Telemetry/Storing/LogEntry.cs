namespace Aspire.Hosting.Offline;

/// <summary>What is asked of every log record when they are listed; the rest is in its bytes: message, severity text, event name, observed time, attributes.</summary>
internal record struct LogEntry
{
    /// <summary>The resource of a record that was cleared.</summary>
    internal const int Cleared = -1;

    internal UInt128 Trace { get; set; }

    internal ulong Span { get; set; }

    /// <summary>Nanoseconds since 1970.</summary>
    internal long Time { get; set; }

    internal Blob Record { get; set; }

    internal int Resource { get; set; }

    internal int Scope { get; set; }

    internal LogSeverity Severity { get; set; }

    internal bool HasException { get; set; }
}

/// <summary>How bad it is; OTLP's 24 numbers in the six words of .NET.</summary>
internal enum LogSeverity : byte
{
    Unspecified,
    Trace,
    Debug,
    Information,
    Warning,
    Error,
    Critical,
}
