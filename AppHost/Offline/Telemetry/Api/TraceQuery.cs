using System.Globalization;

namespace Aspire.Hosting.Offline;

/// <summary>How much of a trace is a resource's.</summary>
internal sealed record TraceShare(string Name, string? Instance, int Spans, int Errors);

/// <summary>A trace in a list. Name and resource are those of the root, or of the earliest span while the root is missing.</summary>
internal sealed record TraceLine(string TraceId, string Name, string Resource, string Start, double DurationMs, int Spans, int Errors, bool IsComplete, IReadOnlyList<TraceShare> Resources);

/// <summary>A page of traces, the newest first.</summary>
/// <param name="Traces">The traces.</param>
/// <param name="Next">What to give as <c>before</c> for the next page; null when this is the last.</param>
/// <param name="Total">How many match, on all pages.</param>
internal sealed record TracePage(IReadOnlyList<TraceLine> Traces, string? Next, int Total);

/// <summary>Which traces are asked for.</summary>
internal sealed record TraceQuery
{
    private ResourceFilter Resources { get; init; } = new([], null);

    private string? Text { get; init; }

    private long LeastDuration { get; init; }

    private bool ErrorsOnly { get; init; }

    private long Since { get; init; } = long.MinValue;

    private long Until { get; init; } = long.MaxValue;

    private (long Start, UInt128 Id)? Before { get; init; }

    internal static TraceQuery Read(TelemetryQuery query) => new()
    {
        Resources = ResourceFilter.Read(query),
        Text = query.Text("text"),
        LeastDuration = (long)(Math.Clamp(query.Number("min_duration_ms") ?? 0, 0, 1e12) * 1e6),
        ErrorsOnly = query.Flag("errors"),
        Since = query.Time("since") ?? long.MinValue,
        Until = query.Time("until") ?? long.MaxValue,
        Before = query.Text("before") is { } cursor ? Cursor(cursor) : null,
    };

    internal TracePage Newest(TelemetryContent content, int limit)
    {
        var selection = new Selection(content, Resources.Select(content.Resources), []);
        // The smallest of those to be shown is on top; whatever is larger takes its place.
        var best = new PriorityQueue<TraceEntry, (long, UInt128)>(limit + 2);
        var total = 0;
        foreach (var trace in content.Spans.Traces)
        {
            if (!Matches(trace, selection))
            {
                continue;
            }
            total++;
            if (Before is { } cursor && (trace.Start, trace.Id).CompareTo(cursor) >= 0)
            {
                continue;
            }
            best.Enqueue(trace, (trace.Start, trace.Id));
            if (best.Count > limit + 1)
            {
                best.Dequeue();
            }
        }
        var hasMore = best.Count > limit;
        var page = best.UnorderedItems.OrderByDescending(one => one.Priority).Take(limit).Select(one => one.Element).ToArray();
        return new TracePage([.. page.Select(trace => LineOf(content, trace))], hasMore ? Cursor(page[^1]) : null, total);
    }

    internal static TraceLine LineOf(TelemetryContent content, TraceEntry trace)
    {
        var spans = content.Spans.SpansOf(trace).ToArray();
        var isComplete = content.Spans.Has(trace.Root) && content.Spans[trace.Root].Resource != SpanEntry.Cleared;
        var first = isComplete ? trace.Root : spans.MinBy(number => content.Spans[number].Start);
        return new TraceLine(
            TelemetryWords.OfTrace(trace.Id)!,
            NameOf(content, first),
            content.Resources[content.Spans[first].Resource].Name,
            TelemetryTime.ToText(trace.Start),
            TelemetryTime.ToMilliseconds(trace.End - trace.Start),
            trace.Spans,
            trace.Errors,
            isComplete,
            SharesOf(content, spans));
    }

    internal static string NameOf(TelemetryContent content, long span) => new RecordReader(content.Spans[span].Record.Bytes, content.Strings).Text();

    private static TraceShare[] SharesOf(TelemetryContent content, IEnumerable<long> spans) =>
        [.. spans.GroupBy(number => content.Spans[number].Resource)
            .Select(group => (Resource: content.Resources[group.Key], Start: group.Min(number => content.Spans[number].Start), Spans: group.Count(), Errors: group.Count(number => content.Spans[number].Status == SpanStatus.Error)))
            .OrderBy(one => one.Start)
            .Select(one => new TraceShare(one.Resource.Name, one.Resource.Instance, one.Spans, one.Errors))];

    private static string Cursor(TraceEntry trace) => string.Create(CultureInfo.InvariantCulture, $"{trace.Start}-{trace.Id:x32}");

    private static (long Start, UInt128 Id) Cursor(string text)
    {
        var parts = text.Split('-');
        return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            && UInt128.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id)
            ? (start, id)
            : throw new BadQueryException("before", text, "Give the value of next of an earlier answer.");
    }

    private bool Matches(TraceEntry trace, Selection selection) =>
        (!ErrorsOnly || trace.Errors > 0)
        && trace.End - trace.Start >= LeastDuration
        && trace.End >= Since && trace.Start <= Until
        && (selection.Resources is null || selection.HasResource(trace))
        && (Text is null || selection.HasText(trace, Text));

    /// <summary>What is asked of the spans of a trace; names that many spans share are compared once.</summary>
    private sealed record Selection(TelemetryContent Content, bool[]? Resources, Dictionary<string, bool> Names)
    {
        private readonly ulong bits = Resources is null ? ulong.MaxValue : Resources.Index().Where(one => one.Item).Aggregate(0UL, (all, one) => all | TraceEntry.Bit(one.Index));

        internal bool HasResource(TraceEntry trace) =>
            (trace.MayHave & bits) != 0 && Content.Spans.SpansOf(trace).Any(number => Resources![Content.Spans[number].Resource]);

        internal bool HasText(TraceEntry trace, string text) =>
            TelemetryWords.OfTrace(trace.Id)!.StartsWith(text, StringComparison.OrdinalIgnoreCase) || Content.Spans.SpansOf(trace).Any(number => HasText(NameOf(Content, number), text));

        private bool HasText(string name, string text)
        {
            if (!Names.TryGetValue(name, out var has))
            {
                has = Names[name] = name.Contains(text, StringComparison.OrdinalIgnoreCase);
            }
            return has;
        }
    }
}
