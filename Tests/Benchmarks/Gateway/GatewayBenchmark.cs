using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Stack.Benchmarks.Pipeline;

namespace Stack.Benchmarks.Gateway;

/// <summary>
/// <c>gateway</c>: what the gateway adds to a call of a model: the same call directly to a scripted provider and through the gateway, turn by turn in one run; to its end, and to the first
/// part of a stream; and calls per second with 64 at once. Through the gateway without a workflow, journaled, and answered by the journal.
/// </summary>
internal sealed class GatewayBenchmark(TextWriter output, int calls)
{
    private const int Senders = 64;
    private const int WarmUp = 300;

    private static readonly string s_run = Guid.NewGuid().ToString("N");
    private int _number;

    public static async Task RunAsync(string[] args) => await new GatewayBenchmark(Console.Out, args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 3_000).RunAsync();

    private async Task RunAsync()
    {
        using var model = await ScriptedModelProcess.StartAsync();
        using var infrastructure = await Infrastructure.StartAsync("embedded");
        Directory.CreateDirectory(infrastructure.DataDirectory);
        await File.WriteAllTextAsync(Path.Combine(infrastructure.DataDirectory, "gateway.yaml"), $$"""
            providers: {scripted: {kind: openai, url: "{{model.Address}}v1", parallel: 256} }
            models: {scripted: {provider: scripted, context: 100000, price: free} }
            """);
        using var system = await SystemUnderTest.StartAsync(infrastructure, slots: 1);
        using var direct = new HttpClient { BaseAddress = model.Address };
        using var gateway = new HttpClient { BaseAddress = system.Address };
        var workflow = await SubmitAsync(gateway);
        List<Way> ways =
        [
            new("provider alone", direct, null, false),
            new("gateway", gateway, null, false),
            new("gateway, journaled", gateway, workflow, false),
            new("gateway, from the journal", gateway, workflow, true),
        ];

        foreach (var way in ways)
        {
            await MeasureAsync(way, WarmUp / 2, stream: false);
            await MeasureAsync(way, WarmUp / 2, stream: true);
        }

        output.WriteLine(Text($"gateway: {calls} calls each, one at a time in turn; then {Senders} at once; {Environment.ProcessorCount} cores for provider, orchestrator and client"));
        output.WriteLine();
        output.WriteLine("| | p50 ms | p99 ms | first part p50 ms | first part p99 ms | calls/s | of the provider's |");
        output.WriteLine("|---|---|---|---|---|---|---|");
        var whole = await InTurnAsync(ways, stream: false);
        var first = await InTurnAsync(ways, stream: true);
        var rates = new List<double>();
        foreach (var way in ways)
        {
            rates.Add(await RateAsync(way));
        }

        for (var i = 0; i < ways.Count; i++)
        {
            output.WriteLine(Text($"| {ways[i].Name} | {At(whole[i], 50):F2} | {At(whole[i], 99):F2} | {At(first[i], 50):F2} | {At(first[i], 99):F2} | {rates[i]:F0} | {rates[i] / rates[0]:P0} |"));
        }

        for (var i = 1; i < ways.Count; i++)
        {
            output.WriteLine(Text($"added by {ways[i].Name}: {At(whole[i], 50) - At(whole[0], 50):F2} ms (p50), {At(whole[i], 99) - At(whole[0], 99):F2} ms (p99); first part {At(first[i], 50) - At(first[0], 50):F2} ms (p50), {At(first[i], 99) - At(first[0], 99):F2} ms (p99)"));
        }
    }

    private async Task<List<List<double>>> InTurnAsync(List<Way> ways, bool stream)
    {
        // In turn, so that what else the machine does meets all of them.
        const int turn = 50;
        List<List<double>> all = [.. ways.Select(_ => new List<double>())];
        for (var done = 0; done < calls; done += turn)
        {
            for (var i = 0; i < ways.Count; i++)
            {
                all[i].AddRange(await MeasureAsync(ways[i], turn, stream));
            }
        }

        all.ForEach(times => times.Sort());
        return all;
    }

    private async Task<List<double>> MeasureAsync(Way way, int count, bool stream)
    {
        var times = new List<double>();
        for (var i = 0; i < count; i++)
        {
            times.Add(await CallAsync(way, stream));
        }

        return times;
    }

    private async Task<double> RateAsync(Way way)
    {
        var left = calls;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await CallAsync(way, stream: true);
            }
        })));
        return calls / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private async Task<double> CallAsync(Way way, bool stream)
    {
        // What the journal shall answer was asked before, by another attempt.
        var number = Interlocked.Increment(ref _number);
        var question = way.Replays ? "Say twenty words." : $"Say twenty words, {s_run} {number}.";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = JsonContent.Create(new { model = "scripted", stream, messages = new[] { new { role = "system", content = "You say twenty words." }, new { role = "user", content = question } } }),
        };
        if (way.Workflow is not null)
        {
            request.Headers.Add("Stack-Workflow", way.Workflow);
            request.Headers.Add("Stack-Stage", "bench");
            request.Headers.Add("Stack-Attempt", way.Replays ? $"{number}" : "1");
        }

        var began = Stopwatch.GetTimestamp();
        using var response = await way.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{way.Name}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }

        await using var body = await response.Content.ReadAsStreamAsync();
        using var reader = new StreamReader(body);
        var first = TimeSpan.Zero;
        while (await reader.ReadLineAsync() is { } line)
        {
            first = first == TimeSpan.Zero && line.Contains("word0", StringComparison.Ordinal) ? Stopwatch.GetElapsedTime(began) : first;
        }

        return (stream ? first : Stopwatch.GetElapsedTime(began)).TotalMilliseconds;
    }

    // It waits for an agent that never comes, and is there.
    private static async Task<string> SubmitAsync(HttpClient client)
    {
        using var answer = await client.PostAsJsonAsync("/api/v1/workflows", new { project_requirements = "A calculator" });
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    private static double At(List<double> sorted, int percent) => sorted[Math.Min(sorted.Count - 1, sorted.Count * percent / 100)];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Way(string Name, HttpClient Client, string? Workflow, bool Replays);
}
