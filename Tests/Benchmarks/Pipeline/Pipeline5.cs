using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Benchmarks.Pipeline;

/// <summary>
/// <c>pipeline5</c>: workflows of five sequential stages, no-op agents in a process of their own, 1 KB results, every commit synced to the disk, everything over HTTP.
/// Prints throughput with many in flight, the latency of one at a time, processor time and peak memory of every process.
/// </summary>
internal sealed class Pipeline5(int workflows, int oneAtATime, int slots)
{
    private const string Definition = "pipeline5";

    public static Task RunAsync(string[] args) => new Pipeline5(Number(args, 0, 10_000), Number(args, 1, 500), Number(args, 2, 512)).RunAsync(Console.Out);

    private static int Number(string[] args, int index, int otherwise) => args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : otherwise;

    private async Task RunAsync(TextWriter output)
    {
        using var system = await SystemUnderTest.StartAsync(slots);
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 64 }) { BaseAddress = system.Address, Timeout = TimeSpan.FromMinutes(5) };
        await ApplyDefinitionAsync(client);

        // Until the hot methods are compiled for good: a service that runs for months is measured, not its first seconds.
        await SubmitManyAsync(client, Math.Min(5000, workflows));
        await WaitUntilIdleAsync(client);

        var before = system.CpuSeconds();
        var started = Stopwatch.GetTimestamp();
        await SubmitManyAsync(client, workflows);
        var submitted = Stopwatch.GetElapsedTime(started);
        await WaitUntilIdleAsync(client);
        var elapsed = Stopwatch.GetElapsedTime(started);
        var cpu = system.CpuSeconds();
        await CheckAsync(client, workflows);

        var latencies = await MeasureLatencyAsync(client);
        Print(output, submitted, elapsed, before, cpu, latencies, system);
    }

    private static async Task ApplyDefinitionAsync(HttpClient client)
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
        using var response = await client.PostAsync("/api/v1/definitions", content);
        await EnsureAsync(response);
    }

    private static ByteArrayContent Submission()
    {
        var request = new SubmitWorkflowRequest { Name = "bench", ProjectRequirements = "Five steps.", Definition = Definition };
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(request, StackJson.Options));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private static async Task SubmitManyAsync(HttpClient client, int count)
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (_, token) =>
        {
            while (true)
            {
                using var content = Submission();
                using var response = await client.PostAsync("/api/v1/workflows", content, token);
                if ((int)response.StatusCode != 429)
                {
                    await EnsureAsync(response);
                    return;
                }

                await Task.Delay(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1), token);
            }
        });
    }

    private static async Task WaitUntilIdleAsync(HttpClient client)
    {
        var deadline = Stopwatch.GetTimestamp();
        while ((await client.GetFromJsonAsync("/api/v1/workflows?status=running&limit=1")).Workflows.Count > 0)
        {
            if (Stopwatch.GetElapsedTime(deadline) > TimeSpan.FromMinutes(5))
            {
                throw new TimeoutException("The workflows did not end within 5 minutes.");
            }

            await Task.Delay(20);
        }
    }

    private static async Task CheckAsync(HttpClient client, int least)
    {
        var failed = await client.GetFromJsonAsync("/api/v1/workflows?status=failed&limit=1");
        var newest = await client.GetFromJsonAsync("/api/v1/workflows?status=completed&limit=200");
        if (failed.Workflows.Count > 0 || newest.Workflows.Count < Math.Min(200, least) || newest.Workflows.Any(workflow => workflow.Progress != 100))
        {
            throw new InvalidOperationException("Not every workflow completed; the figures would mean nothing.");
        }
    }

    private async Task<List<double>> MeasureLatencyAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events?after=latest");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await EnsureAsync(response);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var latencies = new List<double>(oneAtATime);
        for (var i = 0; i < oneAtATime + 20; i++)
        {
            var started = Stopwatch.GetTimestamp();
            using var content = Submission();
            using var created = await client.PostAsync("/api/v1/workflows", content);
            var workflow = await JsonSerializer.DeserializeAsync<WorkflowResource>(await created.Content.ReadAsStreamAsync(), StackJson.Options);
            await WaitForEndAsync(reader, workflow!.Id.ToString());
            if (i >= 20)
            {
                latencies.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        }

        latencies.Sort();
        return latencies;
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

    private void Print(TextWriter output, TimeSpan submitted, TimeSpan elapsed, Dictionary<string, double> before, Dictionary<string, double> after, List<double> latencies, SystemUnderTest system)
    {
        var perThousand = after.ToDictionary(pair => pair.Key, pair => (pair.Value - before[pair.Key]) * 1000 / workflows);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"pipeline5: {workflows} workflows of 5 stages, {slots} slots in one agent process, 1 KB results, synchronous commits"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  throughput            {workflows / elapsed.TotalSeconds,8:F0} workflows/s (submitted in {submitted.TotalSeconds:F2} s, all done in {elapsed.TotalSeconds:F2} s)"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  one at a time, p50    {latencies[latencies.Count / 2],8:F2} ms"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  one at a time, p99    {latencies[latencies.Count * 99 / 100],8:F2} ms"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  CPU-s per 1,000       {perThousand.Values.Sum(),8:F2} ({string.Join(", ", perThousand.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value:F2}")))})"));
        foreach (var (name, megabytes) in system.PeakMegabytes())
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  peak memory, {name,-12} {megabytes,5:F0} MB"));
        }
    }

    private static async Task EnsureAsync(HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{response.RequestMessage!.RequestUri} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        }
    }
}

internal static class BenchmarkHttp
{
    public static async Task<WorkflowList> GetFromJsonAsync(this HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        response.EnsureSuccessStatusCode();
        return (await JsonSerializer.DeserializeAsync<WorkflowList>(await response.Content.ReadAsStreamAsync(), StackJson.Options))!;
    }
}
