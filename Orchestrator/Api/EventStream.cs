using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Api;

/// <summary>Writes events as they are committed. See the HTML standard, "Server-sent events".</summary>
internal sealed class EventStream(IWorkflowStore store, RecentEvents recent, EventSignal signal, IHostApplicationLifetime lifetime, TimeProvider time)
{
    internal static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    private const int Page = 200;

    /// <summary>An event as a resource.</summary>
    public static EventResource Show(StoredEvent happened) => new()
    {
        Id = happened.Id,
        WorkflowId = happened.WorkflowId,
        Type = happened.Name,
        Stage = happened.Stage,
        Attempt = happened.Attempt,
        At = happened.At,
        Data = happened.Data,
    };

    /// <summary>Writes the stream until the workflow is over, the client leaves or the host stops.</summary>
    /// <param name="context">The request.</param>
    /// <param name="workflowId">Only of this workflow. Null: of all, without end.</param>
    /// <param name="types">Only events of these types. Null: all.</param>
    /// <param name="after">The last event that the client has.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task WriteAsync(HttpContext context, WorkflowId? workflowId, IReadOnlySet<string>? types, long after, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            response.BodyWriter.Write("retry: 1000\n\n"u8);
            await response.BodyWriter.FlushAsync(stop.Token);
            await FollowAsync(response.BodyWriter, workflowId, types, after, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client left or the host stops; the client continues with the id of the last event it got.
        }
    }

    private async Task FollowAsync(PipeWriter writer, WorkflowId? workflowId, IReadOnlySet<string>? types, long after, CancellationToken cancellationToken)
    {
        var mayBeOver = true;
        while (true)
        {
            // Both are read before the events, so that what is committed meanwhile is seen in the next round.
            var committed = signal.LastEventId;
            var over = mayBeOver && workflowId is { } id && await IsOverAsync(id, cancellationToken);
            mayBeOver = false;
            IReadOnlyList<StoredEvent> page;
            do
            {
                // The end of the one workflow is looked at, whether it is asked for or not.
                page = recent.Find(workflowId, after, committed, Page, workflowId is null ? types : null) ?? await store.ReadEventsAsync(workflowId, after, Page, cancellationToken);
                foreach (var happened in page)
                {
                    if (types?.Contains(happened.Name) != false)
                    {
                        Write(writer, happened);
                    }

                    mayBeOver |= EventNames.IsTerminal(happened.Name);
                    after = happened.Id;
                }

                await writer.FlushAsync(cancellationToken);
            }
            while (page.Count == Page);

            // All that was committed before was seen, whoever's it is.
            after = Math.Max(after, committed);
            if (over)
            {
                return;
            }

            if (!mayBeOver || workflowId is null)
            {
                await WaitAsync(writer, after, cancellationToken);
            }
        }
    }

    private async Task WaitAsync(PipeWriter writer, long after, CancellationToken cancellationToken)
    {
        var next = signal.WaitAsync(after, cancellationToken);
        while (true)
        {
            try
            {
                await next.WaitAsync(KeepAlive, time, cancellationToken);
                return;
            }
            catch (TimeoutException)
            {
                writer.Write(": keep-alive\n\n"u8);
                await writer.FlushAsync(cancellationToken);
            }
        }
    }

    private async Task<bool> IsOverAsync(WorkflowId id, CancellationToken cancellationToken) =>
        await store.LoadAsync([id], cancellationToken) is not [{ State.End: null }];

    private static void Write(PipeWriter writer, StoredEvent happened)
    {
        writer.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {happened.Id}\nevent: {happened.Name}\ndata: ")));
        using (var json = new Utf8JsonWriter(writer))
        {
            JsonSerializer.Serialize(json, Show(happened), StackJson.TypeOf<EventResource>());
        }

        writer.Write("\n\n"u8);
    }
}
