using System.Globalization;
using System.Text;
using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Api;

/// <summary>The event log: in pages, or as a stream of server-sent events that continues where a client left off.</summary>
internal static class WorkflowEventsApi
{
    private const int MaxPage = 1000;
    private const int MostPages = 10;
    private const string EventStreamType = "text/event-stream";

    public static void MapWorkflowEvents(this IEndpointRouteBuilder routes)
    {
        const string stream =
            "With `Accept: text/event-stream` the answer is a stream: `id` is the event's id, `event` its type, `data` the event as JSON. `Last-Event-ID` continues after an event, "
            + "without a gap and without a duplicate. A comment line comes every 15 seconds. "
            + "`types=workflow.completed,workflow.failed` asks for some types only, `types=workflow.*` for all that begin so. ";
        routes.MapGet("/workflows/{id}/events", ReadAsync).WithTags("Events").WithSummary("The events of a workflow")
            .WithDescription(stream + "The stream ends after the event that ends the workflow.").Produces<EventList>();
        routes.MapGet("/events", ReadAllAsync).WithTags("Events").WithSummary("The events of all workflows")
            .WithDescription(stream + "`after=latest` begins with what happens from now on.").Produces<EventList>();
        routes.MapGet("/workflows/{id}/logs", LogsAsync).WithTags("Events").WithSummary("The log lines of a workflow's stages")
            .Produces<string>(contentType: "text/plain");
    }

    private static async Task<IResult> ReadAsync(HttpContext context, string id, string? types, string? after, string? limit, IWorkflowStore store, EventStream events, CancellationToken cancellationToken)
    {
        if (!WorkflowId.TryParse(id, null, out var workflowId) || (await store.LoadAsync([workflowId], cancellationToken)).Count == 0)
        {
            return Workflows.Unknown(id);
        }

        return await AnswerAsync(context, workflowId, types, after, limit, store, events, cancellationToken);
    }

    private static async Task<IResult> ReadAllAsync(HttpContext context, string? types, string? after, string? limit, IWorkflowStore store, EventStream events, CancellationToken cancellationToken) =>
        await AnswerAsync(context, null, types, after == "latest" ? (await store.ReadLastEventIdAsync(cancellationToken)).ToString(CultureInfo.InvariantCulture) : after, limit, store, events, cancellationToken);

    private static async Task<IResult> AnswerAsync(HttpContext context, WorkflowId? workflowId, string? types, string? after, string? limit, IWorkflowStore store, EventStream events, CancellationToken cancellationToken)
    {
        var stream = context.Request.GetTypedHeaders().Accept.Any(accept => accept.MediaType.Equals(EventStreamType, StringComparison.OrdinalIgnoreCase));
        var fields = new QueryFields();
        var last = context.Request.Headers["Last-Event-ID"].ToString();
        var begin = stream && last.Length > 0 ? fields.Number("Last-Event-ID", last, 0, long.MaxValue, 0) : fields.Number("after", after, 0, long.MaxValue, 0);
        var size = fields.Limit(limit, MaxPage);
        var only = ReadTypes(fields, types);
        if (fields.Problem is { } problem)
        {
            return problem;
        }

        if (stream)
        {
            await events.WriteAsync(context, workflowId, only, begin, cancellationToken);
            return Results.Empty;
        }

        var (found, seen) = await FindAsync(store, workflowId, only, begin, size, cancellationToken);
        return TypedResults.Ok(new EventList { Events = [.. found.Select(EventStream.Show)], LastEventId = seen });
    }

    // A page of rare events reads so many others at most; the next one goes on behind them.
    private static async Task<(List<StoredEvent> Found, long Last)> FindAsync(
        IWorkflowStore store, WorkflowId? workflowId, HashSet<string>? types, long after, int limit, CancellationToken cancellationToken)
    {
        var found = new List<StoredEvent>();
        for (var pages = 0; pages < MostPages; pages++)
        {
            var size = types is null ? limit : MaxPage;
            var page = await store.ReadEventsAsync(workflowId, after, size, cancellationToken);
            foreach (var happened in page)
            {
                after = happened.Id;
                if (types?.Contains(happened.Name) == false)
                {
                    continue;
                }

                found.Add(happened);
                if (found.Count == limit)
                {
                    return (found, after);
                }
            }

            if (page.Count < size)
            {
                break;
            }
        }

        return (found, after);
    }

    private static HashSet<string>? ReadTypes(QueryFields fields, string? types)
    {
        if (string.IsNullOrWhiteSpace(types))
        {
            return null;
        }

        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var asked in types.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var matching = EventNames.All.Where(name => asked.EndsWith('*') ? name.StartsWith(asked[..^1], StringComparison.Ordinal) : name == asked).ToList();
            if (matching.Count == 0)
            {
                fields.Unknown("types", asked, EventNames.All);
            }

            named.UnionWith(matching);
        }

        return named;
    }

    private static async Task<IResult> LogsAsync(HttpContext context, string id, string? stage, IWorkflowStore store, CancellationToken cancellationToken)
    {
        if (!WorkflowId.TryParse(id, null, out var workflowId) || (await store.LoadAsync([workflowId], cancellationToken)).Count == 0)
        {
            return Workflows.Unknown(id);
        }

        context.Response.ContentType = "text/plain; charset=utf-8";
        var after = 0L;
        while (true)
        {
            var page = await store.ReadEventsAsync(workflowId, after, MaxPage, cancellationToken);
            var text = new StringBuilder();
            foreach (var happened in page.Where(happened => happened.Name == "stage.log" && (stage is null || happened.Stage == stage)))
            {
                AppendLines(text, happened);
            }

            await context.Response.WriteAsync(text.ToString(), cancellationToken);
            if (page.Count < MaxPage)
            {
                return Results.Empty;
            }

            after = page[^1].Id;
        }
    }

    private static void AppendLines(StringBuilder text, StoredEvent happened)
    {
        using var data = JsonDocument.Parse(happened.Data.Utf8);
        foreach (var line in data.RootElement.GetProperty("lines").EnumerateArray())
        {
            text.Append(CultureInfo.InvariantCulture, $"{happened.At.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} {happened.Stage}#{happened.Attempt} {line.GetString()}\n");
        }
    }
}
