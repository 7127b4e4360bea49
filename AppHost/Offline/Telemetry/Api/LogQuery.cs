namespace Aspire.Hosting.Offline;

/// <summary>A log record in a list.</summary>
internal record LogLine(
    long Id, string Time, string Resource, string? Instance, LogSeverity Severity, string Category, string Message, bool HasException, string? TraceId, string? SpanId);

/// <summary>A page of log records, the newest first.</summary>
/// <param name="Logs">The records.</param>
/// <param name="Next">What to give as <c>before</c> for the next page; null when this is the last.</param>
internal sealed record LogPage(IReadOnlyList<LogLine> Logs, long? Next);

/// <summary>Which log records are asked for.</summary>
internal sealed record LogQuery
{
    private const string ExceptionPrefix = "exception.";

    private ResourceFilter Resources { get; init; } = new([], null);

    private LogSeverity Severity { get; init; }

    private string? Text { get; init; }

    private UInt128? Trace { get; init; }

    private ulong? Span { get; init; }

    private IReadOnlyList<AttributeFilter> Attributes { get; init; } = [];

    private long Since { get; init; } = long.MinValue;

    private long Until { get; init; } = long.MaxValue;

    /// <summary>Records after that id only; null for all.</summary>
    internal long? After { get; init; }

    internal static LogQuery Read(TelemetryQuery query) => new()
    {
        Resources = ResourceFilter.Read(query),
        Severity = query.Word<LogSeverity>("severity") ?? LogSeverity.Unspecified,
        Text = query.Text("text"),
        Trace = query.TraceId("trace_id"),
        Span = query.SpanId("span_id"),
        Attributes = [.. query.Texts("attribute").Select(AttributeFilter.Parse)],
        Since = query.Time("since") ?? long.MinValue,
        Until = query.Time("until") ?? long.MaxValue,
        After = query.Integer("after"),
    };

    /// <summary>The newest that match, with ids below <paramref name="before"/>.</summary>
    internal LogPage Newest(TelemetryContent content, long? before, int limit)
    {
        var selected = Resources.Select(content.Resources);
        var lines = new List<LogLine>();
        var oldest = Math.Max(content.Logs.First, After + 1 ?? 0);
        for (var id = Math.Min(before ?? long.MaxValue, content.Logs.Next) - 1; id >= oldest; id--)
        {
            if (!Matches(content, id, selected))
            {
                continue;
            }
            if (lines.Count == limit)
            {
                return new LogPage(lines, lines[^1].Id);
            }
            lines.Add(LineOf(content, id));
        }
        return new LogPage(lines, Next: null);
    }

    /// <summary>The oldest that match with ids from <paramref name="from"/> on, and the id from which to go on.</summary>
    internal (IReadOnlyList<LogLine> Lines, long Next) Oldest(TelemetryContent content, long from, int limit)
    {
        var selected = Resources.Select(content.Resources);
        var lines = new List<LogLine>();
        var id = Math.Max(content.Logs.First, from);
        for (; id < content.Logs.Next && lines.Count < limit; id++)
        {
            if (Matches(content, id, selected))
            {
                lines.Add(LineOf(content, id));
            }
        }
        return (lines, id);
    }

    internal static LogLine LineOf(TelemetryContent content, long id)
    {
        ref readonly var entry = ref content.Logs[id];
        var resource = content.Resources[entry.Resource];
        var reader = new RecordReader(entry.Record.Bytes, content.Strings);
        return new LogLine(
            id,
            TelemetryTime.ToText(entry.Time),
            resource.Name,
            resource.Instance,
            entry.Severity,
            content.Scopes[entry.Scope].Name,
            RecordReader.AsText(reader.Value()),
            entry.HasException,
            TelemetryWords.OfTrace(entry.Trace),
            TelemetryWords.OfSpan(entry.Span));
    }

    private bool Matches(TelemetryContent content, long id, bool[]? selected)
    {
        if (!content.Logs.Has(id))
        {
            return false;
        }
        ref readonly var entry = ref content.Logs[id];
        return (selected is null || selected[entry.Resource])
            && entry.Severity >= Severity
            && (Trace is null || entry.Trace == Trace)
            && (Span is null || entry.Span == Span)
            && entry.Time >= Since && entry.Time <= Until
            && (Text is null || HasText(content, entry))
            && (Attributes.Count == 0 || HasAttributes(content, entry));
    }

    private bool HasText(TelemetryContent content, in LogEntry entry)
    {
        var reader = new RecordReader(entry.Record.Bytes, content.Strings);
        return RecordReader.AsText(reader.Value()).Contains(Text!, StringComparison.OrdinalIgnoreCase)
            || content.Scopes[entry.Scope].Name.Contains(Text!, StringComparison.OrdinalIgnoreCase)
            || (entry.HasException && AttributesOf(content, entry).Any(pair =>
                pair.Key.StartsWith(ExceptionPrefix, StringComparison.Ordinal) && RecordReader.AsText(pair.Value).Contains(Text!, StringComparison.OrdinalIgnoreCase)));
    }

    private bool HasAttributes(TelemetryContent content, in LogEntry entry)
    {
        var attributes = AttributesOf(content, entry);
        return Attributes.All(filter => filter.Allows(attributes));
    }

    private static Dictionary<string, object?> AttributesOf(TelemetryContent content, in LogEntry entry) => LogDetails.AttributesOf(new RecordReader(entry.Record.Bytes, content.Strings));
}
