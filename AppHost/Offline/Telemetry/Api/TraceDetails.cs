namespace Aspire.Hosting.Offline;

/// <summary>Something that happened during a span.</summary>
internal sealed record SpanEventAnswer(string Name, string Time, double OffsetMs, IReadOnlyDictionary<string, object?> Attributes);

/// <summary>A span that this one refers to.</summary>
internal sealed record SpanLinkAnswer(string? TraceId, string? SpanId, IReadOnlyDictionary<string, object?> Attributes);

/// <summary>A span of a trace.</summary>
/// <param name="SpanId">Its id.</param>
/// <param name="ParentSpanId">Null for a root.</param>
/// <param name="Name">Its name.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Resource">The service's name.</param>
/// <param name="Instance">The service's instance; null when it gave none.</param>
/// <param name="Scope">What recorded it.</param>
/// <param name="Start">When it began.</param>
/// <param name="OffsetMs">How long after the trace's start.</param>
/// <param name="DurationMs">How long it took.</param>
/// <param name="Depth">How many of its ancestors are shown.</param>
/// <param name="Status">unset, ok or error.</param>
/// <param name="StatusMessage">Null when there is none.</param>
/// <param name="TraceState">Null when there is none.</param>
/// <param name="Attributes">Its attributes.</param>
/// <param name="Events">What happened, in order.</param>
/// <param name="Links">What it refers to.</param>
/// <param name="Peer">Whom it called, if it says so.</param>
/// <param name="Type">What kind of work it is.</param>
/// <param name="LogIds">Its log records.</param>
internal sealed record SpanAnswer(
    string SpanId,
    string? ParentSpanId,
    string Name,
    SpanKind Kind,
    string Resource,
    string? Instance,
    string Scope,
    string Start,
    double OffsetMs,
    double DurationMs,
    int Depth,
    SpanStatus Status,
    string? StatusMessage,
    string? TraceState,
    IReadOnlyDictionary<string, object?> Attributes,
    IReadOnlyList<SpanEventAnswer> Events,
    IReadOnlyList<SpanLinkAnswer> Links,
    string? Peer,
    string Type,
    IReadOnlyList<long> LogIds);

/// <summary>A trace with its spans, in the order of display.</summary>
internal sealed record TraceDetails(
    string TraceId,
    string Name,
    string Resource,
    string Start,
    double DurationMs,
    int Errors,
    bool IsComplete,
    IReadOnlyList<TraceShare> Resources,
    IReadOnlyList<SpanAnswer> Spans,
    IReadOnlyList<long> LogIds,
    bool Truncated)
{
    private const int MostSpans = 10_000;
    private const int MostLogs = 10_000;

    /// <summary>The trace with that id; null when nothing of it is kept.</summary>
    internal static TraceDetails? Find(TelemetryContent content, UInt128 id)
    {
        if (content.Spans.FindTrace(id) is not { } trace)
        {
            return null;
        }
        var line = TraceQuery.LineOf(content, trace);
        var logs = LogsOf(content, id);
        var bySpan = logs.ToLookup(log => content.Logs[log].Span);
        var spans = SpanTree.Order(content, content.Spans.SpansOf(trace)).Take(MostSpans)
            .Select(one => SpanOf(content, trace, one.Number, one.Depth, [.. bySpan[content.Spans[one.Number].Id]])).ToArray();
        return new TraceDetails(
            line.TraceId, line.Name, line.Resource, line.Start, line.DurationMs, line.Errors, line.IsComplete, line.Resources, spans, logs, trace.Spans > spans.Length);
    }

    private static List<long> LogsOf(TelemetryContent content, UInt128 trace)
    {
        var found = new List<long>();
        for (var id = content.Logs.First; id < content.Logs.Next && found.Count < MostLogs; id++)
        {
            if (content.Logs[id].Trace == trace && content.Logs.Has(id))
            {
                found.Add(id);
            }
        }
        return found;
    }

    private static SpanAnswer SpanOf(TelemetryContent content, TraceEntry trace, long number, int depth, IReadOnlyList<long> logs)
    {
        ref readonly var entry = ref content.Spans[number];
        var reader = new RecordReader(entry.Record.Bytes, content.Strings);
        var (name, state, message, attributes) = (reader.Text(), reader.Text(), reader.Text(), reader.Attributes());
        var (resource, scope) = (content.Resources[entry.Resource], content.Scopes[entry.Scope].Name);
        return new SpanAnswer(
            TelemetryWords.OfSpan(entry.Id)!,
            TelemetryWords.OfSpan(entry.Parent),
            name,
            entry.Kind == SpanKind.Unspecified ? SpanKind.Internal : entry.Kind,
            resource.Name,
            resource.Instance,
            scope,
            TelemetryTime.ToText(entry.Start),
            TelemetryTime.ToMilliseconds(entry.Start - trace.Start),
            TelemetryTime.ToMilliseconds(entry.End - entry.Start),
            depth,
            entry.Status,
            message.Length == 0 ? null : message,
            state.Length == 0 ? null : state,
            attributes,
            EventsOf(ref reader, entry.Start, trace.Start),
            LinksOf(ref reader),
            SpanCharacter.Peer(entry.Kind, attributes),
            SpanCharacter.Type(attributes),
            logs);
    }

    private static SpanEventAnswer[] EventsOf(ref RecordReader reader, long spanStart, long traceStart)
    {
        var events = new SpanEventAnswer[(int)reader.Varint()];
        for (var index = 0; index < events.Length; index++)
        {
            var (name, time) = (reader.Text(), spanStart + reader.ZigZag());
            events[index] = new SpanEventAnswer(name, TelemetryTime.ToText(time), TelemetryTime.ToMilliseconds(time - traceStart), reader.Attributes());
        }
        return events;
    }

    private static SpanLinkAnswer[] LinksOf(ref RecordReader reader)
    {
        var links = new SpanLinkAnswer[(int)reader.Varint()];
        for (var index = 0; index < links.Length; index++)
        {
            var (trace, span) = (reader.Fixed128(), reader.Fixed64());
            links[index] = new SpanLinkAnswer(TelemetryWords.OfTrace(trace), TelemetryWords.OfSpan(span), reader.Attributes());
        }
        return links;
    }
}
