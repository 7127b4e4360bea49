using System.Net.Http.Headers;
using System.Text.Json;
using Stack.Checks;
using Stack.Contracts;

namespace Stack.Agents.E2e;

/// <summary>Sends requests to a running program and compares its answers with what is expected.</summary>
/// <param name="client">Sends them.</param>
/// <param name="address">Where the program listens.</param>
/// <param name="log">Where the outcome goes.</param>
/// <param name="time">The clock.</param>
internal sealed class HttpProber(HttpClient client, Uri address, E2eLog log, TimeProvider time)
{
    private static readonly string[] s_documents = ["openapi/v1.json", "swagger/v1/swagger.json", "openapi.json"];

    /// <summary>Sends one request.</summary>
    /// <param name="probe">The request and what is expected.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task ProbeAsync(HttpProbe probe, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var expected = $"{probe.Method} {probe.Path} answers {probe.Status}{(probe.Json is null ? "" : $" with {probe.Json}")}";
        var actual = await TryAsync(
            async () =>
            {
                using var request = new HttpRequestMessage(new HttpMethod(probe.Method), new Uri(address, probe.Path));
                if (probe.Body is { } body)
                {
                    request.Content = new ByteArrayContent(body.Utf8.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
                }

                using var response = await client.SendAsync(request, cancellationToken);
                return HttpExpectation.FindDifference(probe.Status, probe.Json, (int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
            },
            cancellationToken);
        log.Add(new E2eStep(probe.Name, "http", actual is null, expected, actual ?? "as expected") { DurationMs = (long)time.GetElapsedTime(started).TotalMilliseconds });
    }

    /// <summary>Reads the program's OpenAPI document, if it has one, and asks every address that needs no parameters; none may answer with a server error.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task ProbeDocumentedAsync(CancellationToken cancellationToken)
    {
        foreach (var document in s_documents)
        {
            using var response = await client.GetAsync(new Uri(address, document), cancellationToken);
            if (!response.IsSuccessStatusCode || response.Content.Headers.ContentType?.MediaType?.Contains("json", StringComparison.Ordinal) is not true)
            {
                continue;
            }

            foreach (var path in PathsOf(await response.Content.ReadAsStringAsync(cancellationToken)))
            {
                await ProbeForErrorAsync(path, cancellationToken);
            }

            return;
        }

        log.Notes.Add("The program serves no OpenAPI document; only the recorded probes were sent.");
    }

    private async Task ProbeForErrorAsync(string path, CancellationToken cancellationToken)
    {
        var actual = await TryAsync(
            async () =>
            {
                using var response = await client.GetAsync(new Uri(address, path), cancellationToken);
                return (int)response.StatusCode < 500 ? null : $"the status is {(int)response.StatusCode}";
            },
            cancellationToken);
        log.Add(new E2eStep($"documented: {path}", "http", actual is null, $"GET {path} answers without a server error", actual ?? "as expected"));
    }

    private static async Task<string?> TryAsync(Func<Task<string?>> request, CancellationToken cancellationToken)
    {
        try
        {
            return await request();
        }
        catch (HttpRequestException exception)
        {
            return $"no answer: {exception.Message}";
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer in time: {exception.Message}";
        }
    }

    private static IEnumerable<string> PathsOf(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.TryGetProperty("paths", out var paths)
                ? [.. paths.EnumerateObject().Where(path => !path.Name.Contains('{', StringComparison.Ordinal) && path.Value.TryGetProperty("get", out _)).Select(path => path.Name).Take(100)]
                : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
