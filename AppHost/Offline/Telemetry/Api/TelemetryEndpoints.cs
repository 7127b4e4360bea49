using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Aspire.Hosting.Offline;

/// <summary>The telemetry that is kept, as JSON in snake_case: resources, log records, traces, metrics, and what changes. Whoever maps it decides who may ask.</summary>
internal sealed class TelemetryEndpoints(TelemetryStore store, TelemetryReceivers receivers, TimeProvider time)
{
    private readonly LiveTelemetry live = new(store, time);

    /// <summary>Maps the paths below the group's.</summary>
    internal void MapTelemetry(IEndpointRouteBuilder routes)
    {
        Get(routes, "/status", _ => TelemetryStatus.Of(store, receivers));
        Get(routes, "/resources", _ => store.Read(ResourceList.Of));
        Get(routes, "/logs", query => Logs(query));
        Get(routes, "/logs/{id:long}", (_, context) => FindLog(Route(context, "id")));
        Get(routes, "/traces", query => Traces(query));
        Get(routes, "/traces/{trace_id}", (_, context) => FindTrace(Route(context, "trace_id")));
        Get(routes, "/metrics", query => Instruments(query));
        Get(routes, "/metrics/points", query => Points(query));
        routes.MapPost("/clear", ClearAsync);
        routes.MapGet("/changes", context => StreamAsync(context, live.ChangesAsync));
        routes.MapGet("/logs/live", context => StreamAsync(context, live.LogsAsync));
    }

    private LogPage Logs(TelemetryQuery query)
    {
        var (wanted, before, limit) = (LogQuery.Read(query), query.Integer("before"), query.Limit());
        return store.Read(content => wanted.Newest(content, before, limit));
    }

    private TracePage Traces(TelemetryQuery query)
    {
        var (wanted, limit) = (TraceQuery.Read(query), query.Limit());
        return store.Read(content => wanted.Newest(content, limit));
    }

    private InstrumentList Instruments(TelemetryQuery query)
    {
        var filter = ResourceFilter.Read(query);
        return store.Read(content => InstrumentList.Find(content, filter));
    }

    private MetricAnswer? Points(TelemetryQuery query)
    {
        var wanted = MetricQuery.Read(query);
        return store.Read(content => wanted.Find(content, time.GetUtcNow()));
    }

    private LogDetails? FindLog(string id) => store.Read(content => LogDetails.Find(content, long.Parse(id, CultureInfo.InvariantCulture)));

    private TraceDetails? FindTrace(string id) =>
        id.Length == 32 && UInt128.TryParse(id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var trace) ? store.Read(content => TraceDetails.Find(content, trace)) : null;

    private Task ClearAsync(HttpContext context) => GuardAsync(context, () =>
    {
        var query = new TelemetryQuery(context.Request.Query);
        TelemetrySignal[] signals = query.Word<TelemetrySignal>("signal") is { } signal ? [signal] : Enum.GetValues<TelemetrySignal>();
        foreach (var one in signals)
        {
            store.Clear(one, query.Text("resource"));
        }
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    });

    private static void Get<T>(IEndpointRouteBuilder routes, string path, Func<TelemetryQuery, T> answer) => Get(routes, path, (query, _) => answer(query));

    private static void Get<T>(IEndpointRouteBuilder routes, string path, Func<TelemetryQuery, HttpContext, T> answer) => routes.MapGet(path, context => GuardAsync(context, () =>
        answer(new TelemetryQuery(context.Request.Query), context) is { } found
            ? ControlAnswer.WriteAsync(context, StatusCodes.Status200OK, found)
            : ControlAnswer.RefuseAsync(context, StatusCodes.Status404NotFound, "unknown-telemetry", $"There is no {context.Request.Path} any more, or there never was.")));

    private static async Task GuardAsync(HttpContext context, Func<Task> answer)
    {
        try
        {
            await answer();
        }
        catch (BadQueryException failure)
        {
            await ControlAnswer.RefuseAsync(context, StatusCodes.Status400BadRequest, "bad-query", failure.Message);
        }
    }

    private static Task StreamAsync(HttpContext context, Func<HttpContext, Task> stream) => GuardAsync(context, async () =>
    {
        try
        {
            await stream(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Whoever listened has gone.
        }
    });

    private static string Route(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;
}
