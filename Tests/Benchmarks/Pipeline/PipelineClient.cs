using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Benchmarks.Pipeline;

/// <summary>Whoever submits workflows of five sequential stages over HTTP and waits for their ends.</summary>
internal sealed class PipelineClient(Uri address) : IDisposable
{
    private const string Definition = "pipeline5";
    private const int Connections = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = Connections }) { BaseAddress = address, Timeout = Patience };

    public async Task ApplyDefinitionAsync()
    {
        var stages = Enumerable.Range(1, 5).Select(n => new Dictionary<string, object?>
        {
            ["name"] = $"step{n}",
            ["agent"] = "noop",
            ["needs"] = n == 1 ? Array.Empty<string>() : [$"step{n - 1}"],
            ["workspace"] = false,
            ["with"] = new Dictionary<string, object> { ["output_bytes"] = 1024 },
        });
        var json = JsonSerializer.Serialize(new Dictionary<string, object> { ["name"] = Definition, ["stages"] = stages });
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync("/api/v1/definitions", content);
        await EnsureAsync(response);
    }

    /// <summary>Submits workflows, many at once; waits as long as the orchestrator asks to when it has no room.</summary>
    public Task SubmitAsync(int count) =>
        Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = Connections }, async (_, token) =>
        {
            while (true)
            {
                using var content = Submission();
                using var response = await _http.PostAsync("/api/v1/workflows", content, token);
                if ((int)response.StatusCode != 429)
                {
                    await EnsureAsync(response);
                    return;
                }

                await Task.Delay(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1), token);
            }
        });

    public async Task WaitUntilIdleAsync()
    {
        var started = Stopwatch.GetTimestamp();
        while ((await ListAsync("status=running&limit=1")).Count > 0)
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException($"The workflows did not end within {Patience.TotalMinutes:0} minutes.");
            }

            await Task.Delay(20);
        }
    }

    /// <summary>Throws unless the newest workflows completed and none failed.</summary>
    public async Task CheckAsync(int least)
    {
        var failed = await ListAsync($"status=failed&definition={Definition}&limit=1");
        var newest = await ListAsync($"status=completed&definition={Definition}&limit=200");
        if (failed.Count > 0 || newest.Count < Math.Min(200, least) || newest.Any(workflow => workflow.Progress != 100))
        {
            throw new InvalidOperationException("Not every workflow completed; the figures would mean nothing.");
        }
    }

    /// <summary>Submits one workflow after the other, each when the event stream has told the end of the one before.</summary>
    /// <returns>The milliseconds of each, those of the first few left out.</returns>
    public async Task<List<double>> MeasureOneAtATimeAsync(int count)
    {
        const int WarmUp = 20;
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events?after=latest&types=workflow.completed");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await EnsureAsync(response);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var latencies = new List<double>(count);
        for (var i = 0; i < count + WarmUp; i++)
        {
            var started = Stopwatch.GetTimestamp();
            using var content = Submission();
            using var created = await _http.PostAsync("/api/v1/workflows", content);
            await EnsureAsync(created);
            var workflow = await JsonSerializer.DeserializeAsync<WorkflowResource>(await created.Content.ReadAsStreamAsync(), StackJson.Options);
            await WaitForEndAsync(reader, workflow!.Id.ToString());
            if (i >= WarmUp)
            {
                latencies.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        }

        return latencies;
    }

    public void Dispose() => _http.Dispose();

    private async Task<IReadOnlyList<WorkflowResource>> ListAsync(string query)
    {
        using var response = await _http.GetAsync("/api/v1/workflows?" + query);
        await EnsureAsync(response);
        return (await JsonSerializer.DeserializeAsync<WorkflowList>(await response.Content.ReadAsStreamAsync(), StackJson.Options))!.Workflows;
    }

    private static ByteArrayContent Submission()
    {
        var request = new SubmitWorkflowRequest { Name = "bench", ProjectRequirements = "Five steps.", Definition = Definition };
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(request, StackJson.Options));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private static async Task WaitForEndAsync(StreamReader reader, string id)
    {
        var ended = false;
        while (await reader.ReadLineAsync() is { } line)
        {
            ended = line.StartsWith("event: workflow.completed", StringComparison.Ordinal) || (ended && line.Length > 0);
            if (ended && line.StartsWith("data:", StringComparison.Ordinal) && line.Contains(id, StringComparison.Ordinal))
            {
                return;
            }
        }

        throw new InvalidOperationException("The event stream ended.");
    }

    private static async Task EnsureAsync(HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{response.RequestMessage!.RequestUri} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        }
    }
}
