using Aspire.Hosting.Offline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Stack.Tests.AppHost.Offline.Telemetry.Storing;

public sealed class TelemetryStoreTests
{
    [Fact]
    public void Add_ThreeHundredThousandSpans_KeepsTheNewestInBoundedMemory()
    {
        var store = new TelemetryStore(new TelemetryOptions(), TimeProvider.System);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var request = 0; request < 600; request++)
        {
            store.Add(TelemetrySignal.Traces, OtlpMessage.Traces("service", [.. Enumerable.Range(0, 500).Select(number => Span((request * 500) + number))]));
        }

        Assert.Equal((100_000, 200_000L), store.Read(content => (content.Spans.Count, content.Spans.Dropped)));
        Assert.Equal(10_000, store.Read(content => content.Spans.Traces.Count));
        var used = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(used < 60_000_000, $"{used} bytes for 100,000 spans");
        var page = store.Read(content => Traces().Newest(content, 10));
        Assert.Equal((10_000, 10, 10), (page.Total, page.Traces.Count, page.Traces[0].Spans));
        Assert.Equal($"{30_000:x32}", page.Traces[0].TraceId);
        GC.KeepAlive(store);
    }

    [Fact]
    public void Add_LargeRecords_IsBoundedByTheirBytes()
    {
        var store = new TelemetryStore(new TelemetryOptions { MostRecordBytes = 1_000_000 }, TimeProvider.System);
        for (var number = 0; number < 500; number++)
        {
            store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("service", OtlpMessage.Log(new string((char)('a' + (number % 26)), 100_000))));
            store.Add(TelemetrySignal.Traces, OtlpMessage.Traces("service", OtlpMessage.Span(1, (ulong)number + 1, "s").With(9, OtlpMessage.Attribute("k", new string('x', 50_000)))));
        }

        Assert.True(store.Read(content => content.Bytes) <= 2_000_000);
        var log = store.Read(content => Logs().Newest(content, before: null, 1)).Logs[0];
        Assert.Equal(16 * 1024 + 1, log.Message.Length);
        Assert.EndsWith("…", log.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Add_MoreResourcesThanAllowed_RejectsTheirRecords()
    {
        var store = new TelemetryStore(new TelemetryOptions { MostResources = 2 }, TimeProvider.System);
        store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", OtlpMessage.Log("1")));
        store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("b", OtlpMessage.Log("1")));

        var third = store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("c", OtlpMessage.Log("1")));

        Assert.Equal((0L, 1L), (third.Accepted, third.Rejected));
    }

    [Fact]
    public void Trace_WhoseSpansComeInAnyOrder_IsShownAsATree()
    {
        var store = new TelemetryStore(new TelemetryOptions(), TimeProvider.System);
        store.Add(TelemetrySignal.Traces, OtlpMessage.Traces("agent", OtlpMessage.Span(9, 4, "late child", parent: 2, start: 1_500, end: 1_600), OtlpMessage.Span(9, 3, "early child", parent: 2, start: 1_200, end: 1_300)));
        Assert.False(Find(store, 9).IsComplete);
        store.Add(TelemetrySignal.Traces, OtlpMessage.Traces("server", OtlpMessage.Span(9, 1, "root", start: 1_000, end: 2_000), OtlpMessage.Span(9, 2, "call", parent: 1, start: 1_100, end: 1_900), OtlpMessage.Span(9, 5, "orphan", parent: 99, start: 1_050, end: 1_060)));

        var trace = Find(store, 9);

        Assert.Equal(["0 root", "1 call", "2 early child", "2 late child", "0 orphan"], trace.Spans.Select(span => $"{span.Depth} {span.Name}"));
        Assert.Equal((true, "root", "server", 0.001), (trace.IsComplete, trace.Name, trace.Resource, trace.DurationMs));
        Assert.Equal(["server 3", "agent 2"], trace.Resources.Select(share => $"{share.Name} {share.Spans}"));
    }

    [Fact]
    public void Trace_ThatIsItsOwnAncestor_EndsNevertheless()
    {
        var store = new TelemetryStore(new TelemetryOptions(), TimeProvider.System);
        store.Add(TelemetrySignal.Traces, OtlpMessage.Traces("a", OtlpMessage.Span(9, 1, "one", parent: 2), OtlpMessage.Span(9, 2, "two", parent: 1), OtlpMessage.Span(9, 2, "two again", parent: 1)));

        Assert.Equal(2, Find(store, 9).Spans.Count);
    }

    [Fact]
    public void Clear_OfOneResource_LeavesTheOthers()
    {
        var store = new TelemetryStore(new TelemetryOptions(), TimeProvider.System);
        foreach (var name in new[] { "a", "b" })
        {
            store.Add(TelemetrySignal.Traces, OtlpMessage.Traces(name, OtlpMessage.Span(1, name[0], name)));
            store.Add(TelemetrySignal.Logs, OtlpMessage.Logs(name, OtlpMessage.Log(name)));
            store.Add(TelemetrySignal.Metrics, OtlpMessage.Metrics(name, OtlpMessage.Counter("c", 1_000, 1)));
        }

        store.Clear(TelemetrySignal.Traces, "a");
        store.Clear(TelemetrySignal.Logs, "a");
        store.Clear(TelemetrySignal.Metrics, "a");

        Assert.Equal("b", Assert.Single(Find(store, 1).Spans).Name);
        Assert.Equal("b", Assert.Single(store.Read(content => Logs().Newest(content, null, 10)).Logs).Message);
        Assert.Equal("b", Assert.Single(store.Read(ResourceList.Of).Resources).Name);
        store.Clear(TelemetrySignal.Traces, resource: null);
        Assert.Equal(0, store.Read(content => content.Spans.Count + content.Spans.Traces.Count));
        store.Add(TelemetrySignal.Traces, OtlpMessage.Traces("b", OtlpMessage.Span(2, 1, "after")));
        Assert.Equal("after", Assert.Single(Find(store, 2).Spans).Name);
    }

    [Theory]
    [InlineData("severity=warning", "bad,worse")]
    [InlineData("text=WORSE", "worse")]
    [InlineData("text=io.IO", "bad")]
    [InlineData("resource=b", "worse")]
    [InlineData("resource=a&resource=b&severity=error", "worse")]
    [InlineData("trace_id=0000000000000000000000000000002a", "bad")]
    [InlineData("attribute=stage=Build", "good")]
    [InlineData("attribute=stage", "good")]
    [InlineData("attribute=stage!=build&resource=a", "bad")]
    [InlineData("attribute=stage~=uil", "good")]
    [InlineData("since=1970-01-01T00:00:02Z", "bad,worse")]
    [InlineData("until=1970-01-01T00:00:02Z&severity=warning", "bad")]
    [InlineData("instance=b-1", "worse")]
    public void Logs_Filtered_AreThoseThatMatch(string query, string expected)
    {
        var store = new TelemetryStore(new TelemetryOptions(), TimeProvider.System);
        store.Add(TelemetrySignal.Logs, OtlpMessage.Logs(
            "a",
            OtlpMessage.Log("good").With(6, OtlpMessage.Attribute("stage", "build")),
            OtlpMessage.Log("bad", 13, 2_000_000_000, trace: 42, span: 1).With(6, OtlpMessage.Attribute("exception.type", "System.IO.IOException"))));
        store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("b", OtlpMessage.Log("worse", 21, 3_000_000_000)));

        var page = store.Read(content => LogQuery.Read(Query(query)).Newest(content, before: null, 10));

        Assert.Equal(expected, string.Join(',', page.Logs.Select(line => line.Message).Reverse()));
    }

    [Fact]
    public void Logs_Paged_AreAllSeenOnce()
    {
        var store = new TelemetryStore(new TelemetryOptions { MostLogs = 90 }, TimeProvider.System);
        store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", [.. Enumerable.Range(0, 100).Select(number => OtlpMessage.Log($"{number}", number % 2 == 0 ? 9 : 17))]));
        var seen = new List<string>();
        long? before = null;
        do
        {
            var page = store.Read(content => LogQuery.Read(Query("severity=error")).Newest(content, before, 7));
            seen.AddRange(page.Logs.Select(line => line.Message));
            before = page.Next;
        }
        while (before is not null);

        Assert.Equal(Enumerable.Range(10, 90).Reverse().Where(number => number % 2 == 1).Select(number => $"{number}"), seen);
    }

    [Theory]
    [InlineData("", "3,2,1")]
    [InlineData("errors=true", "2")]
    [InlineData("min_duration_ms=1500", "3,2")]
    [InlineData("min_duration_ms=2001", "")]
    [InlineData("text=CHILD", "2")]
    [InlineData("text=00000000000000000000000000000001", "1")]
    [InlineData("resource=other", "3")]
    [InlineData("since=1970-01-01T00:00:03Z", "3,2")]
    [InlineData("until=1970-01-01T00:00:00.5Z", "")]
    public void Traces_Filtered_AreThoseThatMatch(string query, string expected)
    {
        var store = new TelemetryStore(new TelemetryOptions(), TimeProvider.System);
        store.Add(TelemetrySignal.Traces, OtlpMessage.Traces("service", OtlpMessage.Span(1, 1, "first"), OtlpMessage.Span(2, 1, "second", start: 2_000_000_000, end: 3_000_000_000), OtlpMessage.Span(2, 2, "child", parent: 1, status: 2)));
        store.Add(TelemetrySignal.Traces, OtlpMessage.Traces("other", OtlpMessage.Span(3, 1, "third", start: 3_000_000_000, end: 5_000_000_000)));

        var page = store.Read(content => TraceQuery.Read(Query(query)).Newest(content, 10));

        Assert.Equal(expected, string.Join(',', page.Traces.Select(trace => int.Parse(trace.TraceId, System.Globalization.NumberStyles.HexNumber)).OrderDescending()));
    }

    [Fact]
    public void Traces_Paged_AreAllSeenOnce()
    {
        var store = new TelemetryStore(new TelemetryOptions(), TimeProvider.System);
        store.Add(TelemetrySignal.Traces, OtlpMessage.Traces("service", [.. Enumerable.Range(1, 50).Select(number => OtlpMessage.Span((UInt128)number, 1, "s", start: number / 3, end: 1_000))]));
        var seen = new List<string>();
        string? next = null;
        do
        {
            var page = store.Read(content => TraceQuery.Read(Query(next is null ? "" : $"before={next}")).Newest(content, 7));
            Assert.Equal(50, page.Total);
            seen.AddRange(page.Traces.Select(trace => trace.TraceId));
            next = page.Next;
        }
        while (next is not null);

        Assert.Equal(Enumerable.Range(1, 50).Reverse().Select(number => $"{number:x32}"), seen);
    }

    [Theory]
    [InlineData("since=yesterday")]
    [InlineData("severity=loud")]
    [InlineData("trace_id=12")]
    [InlineData("limit=many")]
    public void Query_ThatCannotBeRead_IsExplained(string query)
    {
        var failure = Assert.Throws<BadQueryException>(() => (LogQuery.Read(Query(query)), Query(query).Limit()));

        Assert.Contains(query.Split('=')[1], failure.Message, StringComparison.Ordinal);
    }

    private static OtlpMessage Span(int number) => OtlpMessage
        .Span((UInt128)(number / 10) + 1, (ulong)number + 1, $"GET /api/v1/things/{number % 20}", number % 10 == 0 ? 0 : (ulong)(number - (number % 10)) + 1, start: number * 1_000L, end: (number * 1_000L) + 900, kind: 2)
        .With(9, OtlpMessage.Attribute("http.request.method", "GET"), OtlpMessage.Attribute("url.path", $"/api/v1/things/{number}"), OtlpMessage.Attribute("http.route", "/api/v1/things/{id}"), OtlpMessage.Attribute("server.address", "localhost"));

    private static TraceDetails Find(TelemetryStore store, UInt128 trace) => store.Read(content => TraceDetails.Find(content, trace))!;

    private static LogQuery Logs() => LogQuery.Read(Query(""));

    private static TraceQuery Traces() => TraceQuery.Read(Query(""));

    private static TelemetryQuery Query(string text) => new(new QueryCollection(text.Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(part => part.Split('=', 2)).GroupBy(parts => parts[0], parts => parts[1]).ToDictionary(group => group.Key, group => new StringValues([.. group]))));
}
