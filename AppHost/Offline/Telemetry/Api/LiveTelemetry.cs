using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Aspire.Hosting.Offline;

/// <summary>What changed, by kind: one of the numbers grew.</summary>
internal sealed record TelemetryChange(string Run, long Logs, long Spans, long Metrics, long Resources, long Cleared);

/// <summary>Tells a caller of new telemetry as long as it listens.</summary>
internal sealed class LiveTelemetry(TelemetryStore store, TimeProvider time)
{
    private const int LinesAtOnce = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Tells that something changed, at most four times a second.</summary>
    internal async Task ChangesAsync(HttpContext context)
    {
        var stream = new TelemetryStream(context);
        await stream.BeginAsync();
        for (var version = store.Version; ;)
        {
            stream.Write("change", new TelemetryChange(store.Run, version.Logs, version.Spans, version.Metrics, version.Resources, version.Cleared), id: null);
            await stream.FlushAsync();
            await Task.Delay(Pause, time, context.RequestAborted);
            version = await NextAsync(stream, version, context.RequestAborted);
        }
    }

    /// <summary>Sends log records as they come: those after the id that is given, or after now.</summary>
    internal async Task LogsAsync(HttpContext context)
    {
        var query = LogQuery.Read(new TelemetryQuery(context.Request.Query));
        var next = (Resumed(context) ?? query.After) is { } after ? after + 1 : store.Version.Logs;
        var stream = new TelemetryStream(context);
        await stream.BeginAsync();
        for (var version = store.Version; ;)
        {
            IReadOnlyList<LogLine> lines;
            do
            {
                (lines, next) = store.Read(content => query.Oldest(content, next, LinesAtOnce));
                foreach (var line in lines)
                {
                    stream.Write("log", line, line.Id);
                }
                await stream.FlushAsync();
            }
            while (lines.Count == LinesAtOnce);
            await Task.Delay(Pause, time, context.RequestAborted);
            version = await NextAsync(stream, version, context.RequestAborted);
        }
    }

    private static long? Resumed(HttpContext context) =>
        long.TryParse(context.Request.Headers["Last-Event-ID"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    private async Task<TelemetryVersion> NextAsync(TelemetryStream stream, TelemetryVersion seen, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var changed = store.WaitForChangeAsync(seen, waiting.Token);
        while (await Task.WhenAny(changed, Task.Delay(TelemetryStream.Silence, time, waiting.Token)) != changed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            stream.WriteComment();
            await stream.FlushAsync();
        }
        var version = await changed;
        await waiting.CancelAsync();
        return version;
    }
}
