using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api;

/// <summary>Reads server-sent events as a browser does.</summary>
internal sealed class SseReader : IAsyncDisposable
{
    private readonly HttpResponseMessage _answer;
    private readonly StreamReader _reader;

    private SseReader(HttpResponseMessage answer, StreamReader reader) => (_answer, _reader) = (answer, reader);

    public static async Task<SseReader> OpenAsync(HttpClient client, string path, long? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastEventId is { } last)
        {
            request.Headers.Add("Last-Event-ID", last.ToString(CultureInfo.InvariantCulture));
        }

        var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        return new SseReader(answer, new StreamReader(await answer.Content.ReadAsStreamAsync()));
    }

    /// <summary>The next event. Null: the stream ended.</summary>
    public async Task<EventResource?> NextAsync()
    {
        long id = 0;
        string type = "", data = "";
        while (await _reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = long.Parse(line[4..], CultureInfo.InvariantCulture);
            }
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                type = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                data = line[6..];
            }
            else if (line.Length == 0 && data.Length > 0)
            {
                var happened = JsonSerializer.Deserialize<EventResource>(data, StackJson.Options)!;
                Assert.Equal((id, type), (happened.Id, happened.Type));
                return happened;
            }
        }

        return null;
    }

    public async Task<List<EventResource>> RestAsync()
    {
        var all = new List<EventResource>();
        while (await NextAsync() is { } happened)
        {
            all.Add(happened);
        }

        return all;
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _answer.Dispose();
        return ValueTask.CompletedTask;
    }
}
