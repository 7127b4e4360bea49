using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Aspire.Hosting.Offline;

/// <summary>The console logs: what was said lately from memory, live; what was said before from the files; both to take away.</summary>
internal sealed class ConsoleApi(ResourceDescriber describer, ResourceLoggerService loggers, StateDirectory data, TimeProvider time)
{
    private const int LinesPerEvent = 500;
    private const int LargestPage = 2_000;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(150);

    private readonly LogArchive archive = new(data.Logs);

    // Line numbers begin anew with every host; a browser must not take them for those of another.
    private readonly string run = time.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture);

    internal void Map(IEndpointRouteBuilder api, CancellationToken applicationEnds)
    {
        api.MapGet("/console/live", context => WatchAsync(context, applicationEnds));
        api.MapGet("/console/{id}/older", OlderAsync);
        api.MapGet("/console/{id}/download", DownloadAsync);
    }

    /// <summary>
    /// The lines of the instances of the query (<c>id</c>, any number; none means all), and then every new one. <c>run</c> and <c>after</c> name the last line that a browser has of
    /// one instance; when it can go on there it is not told to begin anew.
    /// </summary>
    private async Task WatchAsync(HttpContext context, CancellationToken applicationEnds)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, applicationEnds);
        var wanted = context.Request.Query["id"].OfType<string>().ToArray();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        var stream = await EventStream.StartAsync(context, time);
        if (wanted.Length == 1 && context.Request.Query["run"] == run && int.TryParse(context.Request.Query["after"], NumberStyles.None, CultureInfo.InvariantCulture, out var after))
        {
            seen[wanted[0]] = after;
        }
        else
        {
            await stream.SendAsync("begin", new Beginning(run));
        }
        using var timer = new PeriodicTimer(Pace, time);
        try
        {
            do
            {
                foreach (var id in wanted.Length > 0 ? wanted : [.. describer.List().Where(one => one.HasLog).Select(one => one.Id)])
                {
                    await SendAsync(stream, id, seen);
                }
                await stream.KeepAliveAsync();
            }
            while (await timer.WaitForNextTickAsync(ends.Token));
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // The browser went, or the application ends.
        }
    }

    private async Task SendAsync(EventStream stream, string id, Dictionary<string, int> seen)
    {
        if (describer.Find(id) is not { } known)
        {
            return;
        }
        var log = loggers.Log(known.ResourceId);
        while (log.Since(seen.GetValueOrDefault(id), LinesPerEvent) is { Count: > 0 } lines)
        {
            seen[id] = lines[^1].Line.LineNumber;
            await stream.SendAsync("lines", new Lines(id, [.. lines.Select(one => new ConsoleLine(one.Line.LineNumber, one.At, one.Line.IsErrorMessage, one.Line.Content))]));
        }
    }

    /// <summary>Lines from the files: before the cursor of an earlier answer, or before the line <c>first</c> that a browser has (0: it has none); <c>text</c> leaves only those that contain it.</summary>
    private Task OlderAsync(HttpContext context)
    {
        var query = context.Request.Query;
        if (describer.Find((string)context.Request.RouteValues["id"]!) is not { } known)
        {
            return UnknownAsync(context);
        }
        var count = int.TryParse(query["count"], NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? Math.Clamp(asked, 1, LargestPage) : 500;
        var text = query["text"].ToString() is { Length: > 0 } filter ? filter : null;
        if (query["cursor"].ToString() is { Length: > 0 } cursor)
        {
            return ControlAnswer.WriteAsync(context, StatusCodes.Status200OK, archive.ReadBefore(known.ResourceId, cursor, count, text));
        }
        var first = int.TryParse(query["first"], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        var newest = first > 0 ? loggers.Log(known.ResourceId).Count - first + 1 : 0;
        return ControlAnswer.WriteAsync(context, StatusCodes.Status200OK, archive.ReadBefore(known.ResourceId, Math.Max(0, newest), count, text));
    }

    private async Task DownloadAsync(HttpContext context)
    {
        if (describer.Find((string)context.Request.RouteValues["id"]!) is not { } known)
        {
            await UnknownAsync(context);
            return;
        }
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{known.ResourceId}.log\"";
        foreach (var file in archive.FilesOf(known.ResourceId).Reverse().ToArray())
        {
            await using var content = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
    }

    private static Task UnknownAsync(HttpContext context) =>
        ControlAnswer.RefuseAsync(context, StatusCodes.Status404NotFound, "unknown-resource", $"There is no instance '{context.Request.RouteValues["id"]}' in this application.");

    private sealed record Beginning(string Run);

    private sealed record Lines(string Id, IReadOnlyList<ConsoleLine> Content);

    private sealed record ConsoleLine(int Number, DateTimeOffset At, bool IsError, string Text);
}
