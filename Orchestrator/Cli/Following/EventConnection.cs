using System.Net.ServerSentEvents;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>One connection to a workflow's event stream.</summary>
internal sealed class EventConnection : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly CancellationTokenSource _stop;
    private readonly IAsyncEnumerator<SseItem<EventResource?>> _items;

    private EventConnection(HttpResponseMessage response, Stream body, CancellationToken cancellationToken)
    {
        _response = response;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _items = SseParser.Create(body, Parse).EnumerateAsync(_stop.Token).GetAsyncEnumerator(_stop.Token);
    }

    /// <summary>How the connection came to its end.</summary>
    public ConnectionEnd End { get; private set; }

    public static async Task<EventConnection> OpenAsync(ApiClient api, WorkflowId id, long after, CancellationToken cancellationToken)
    {
        var response = await api.OpenEventsAsync(id, after, cancellationToken);
        return new EventConnection(response, await response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken);
    }

    /// <summary>Waits for the next event.</summary>
    /// <param name="longestSilence">How long to wait for it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The event; null when the connection is at its end.</returns>
    public async Task<EventResource?> NextAsync(TimeSpan longestSilence, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                _stop.CancelAfter(longestSilence);
                if (!await _items.MoveNextAsync())
                {
                    End = ConnectionEnd.ByServer;
                    return null;
                }

                if (_items.Current.Data is { } happened)
                {
                    return happened;
                }
            }
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            End = ConnectionEnd.Broken;
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            End = ConnectionEnd.Silent;
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _response.Dispose();
        await _items.DisposeAsync();
        _stop.Dispose();
    }

    // Signs of life of the stream itself carry no event.
    private static EventResource? Parse(string type, ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty || (type is not SseParser.EventTypeDefault && !type.Contains('.', StringComparison.Ordinal)) ? null : JsonSerializer.Deserialize<EventResource>(bytes, StackJson.Options);
}

/// <summary>How a connection came to its end.</summary>
internal enum ConnectionEnd
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>The server ended it in order.</summary>
    ByServer,

    /// <summary>It broke.</summary>
    Broken,

    /// <summary>Nothing came for so long that it was given up.</summary>
    Silent,
}
