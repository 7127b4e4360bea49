using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Stack.Benchmarks.Pipeline;
using Stack.Benchmarks.Servers;

namespace Stack.Benchmarks.Otlp;

/// <summary>
/// <c>otlp</c>: spans per second that the application host takes over gRPC and over HTTP, its processor time for them, its memory with 100,000 spans; then what it costs the
/// stack to export: pipeline5 without an exporter, with it as it is usually, and with every trace recorded.
/// </summary>
internal sealed class OtlpBenchmark(TextWriter output)
{
    private const int Prepared = 200;
    private const int Senders = 4;
    private const int Slots = 512;

    public static async Task RunAsync(string[] args)
    {
        var benchmark = new OtlpBenchmark(Console.Out);
        var spans = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
        var workflows = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 5_000;
        await benchmark.MeasureReceiverAsync(spans);
        if (workflows > 0)
        {
            await benchmark.MeasureExportersAsync(workflows);
        }
    }

    private async Task MeasureReceiverAsync(int spans)
    {
        byte[][] requests = [.. Enumerable.Range(0, Prepared).Select(OtlpRequests.Make)];
        output.WriteLine(Text($"otlp: requests of {OtlpRequests.SpansPerRequest} spans, {requests[0].Length / OtlpRequests.SpansPerRequest} bytes each, {Senders} senders, {Environment.ProcessorCount} cores for both sides"));
        output.WriteLine();
        output.WriteLine("| | spans/s | CPU-s per 1,000 spans, receiver | memory before | with 100,000 spans | after all | on disk | first page of traces | search in all names |");
        output.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var isGrpc in new[] { true, false })
        {
            using var receiver = await OtlpReceiverProcess.StartAsync();
            using var client = Client(receiver, isGrpc);
            await SendAsync(client, requests[..2], requests: 2, isGrpc);
            var before = await receiver.AskAsync();
            await SendAsync(client, requests, (100_000 / OtlpRequests.SpansPerRequest) + 1, isGrpc);
            var full = await receiver.AskAsync();
            var (count, cpu) = (spans / OtlpRequests.SpansPerRequest, new CpuMeter([("receiver", receiver.Id)]));
            var began = Stopwatch.GetTimestamp();
            await SendAsync(client, requests, count, isGrpc);
            var elapsed = Stopwatch.GetElapsedTime(began);
            var used = cpu.Read()[0].Seconds;
            var after = await receiver.AskAsync();
            output.WriteLine(Text(
                $"| {(isGrpc ? "gRPC" : "HTTP")} | {count * OtlpRequests.SpansPerRequest / elapsed.TotalSeconds:F0} | {used * 1000 / (count * OtlpRequests.SpansPerRequest):F5} | {before.ResidentMegabytes:F0} MB | {full.ResidentMegabytes:F0} MB (managed {full.ManagedBytes / 1048576.0:F0} MB; {full.Spans} spans) | {after.ResidentMegabytes:F0} MB | {after.DiskBytes / 1048576.0:F1} MB | {full.ListMicroseconds / 1000.0:F1} ms | {full.SearchMicroseconds / 1000.0:F1} ms |"));
        }
    }

    private async Task MeasureExportersAsync(int workflows)
    {
        output.WriteLine();
        output.WriteLine("| pipeline5, embedded | workflows/s | p50 ms | p99 ms | CPU-s per 1,000 | received: spans, log records |");
        output.WriteLine("|---|---|---|---|---|---|");
        await MeasureExporterAsync("no exporter", workflows, exports: false, sampler: null);
        await MeasureExporterAsync("exporting (at most 100 new traces a second)", workflows, exports: true, sampler: null);
        await MeasureExporterAsync("exporting every trace", workflows, exports: true, sampler: "always_on");
    }

    private async Task MeasureExporterAsync(string what, int workflows, bool exports, string? sampler)
    {
        using var receiver = await OtlpReceiverProcess.StartAsync();
        // The system under test inherits them.
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT", exports ? receiver.Grpc.ToString() : null);
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL", exports ? "grpc" : null);
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_HEADERS", exports ? $"x-otlp-api-key={OtlpReceiver.Key}" : null);
        Environment.SetEnvironmentVariable("OTEL_TRACES_SAMPLER", sampler);
        using var infrastructure = await Infrastructure.StartAsync("embedded");
        using var system = await SystemUnderTest.StartAsync(infrastructure, Slots);
        using var client = new PipelineClient(system.Address);
        var cpu = new CpuMeter([("receiver", receiver.Id)]);
        var (elapsed, used) = await PipelineLoad.MeasureAsync(infrastructure, system, client, workflows);
        var figures = Figures.Of(workflows, elapsed, [.. used, .. cpu.Read()], await client.MeasureOneAtATimeAsync(200));
        var state = await receiver.AskAsync();
        output.WriteLine(Text($"{figures.ToRow(what)} {state.Spans + state.Dropped}, {state.Logs} |"));
    }

    private static HttpClient Client(OtlpReceiverProcess receiver, bool isGrpc)
    {
        var client = new HttpClient { BaseAddress = isGrpc ? receiver.Grpc : receiver.Http };
        client.DefaultRequestHeaders.Add("x-otlp-api-key", OtlpReceiver.Key);
        return client;
    }

    private static async Task SendAsync(HttpClient client, byte[][] prepared, int requests, bool isGrpc)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number < requests)
            {
                await SendOneAsync(client, prepared[number % prepared.Length], isGrpc);
            }
        })));
    }

    private static async Task SendOneAsync(HttpClient client, byte[] content, bool isGrpc)
    {
        var framed = content;
        if (isGrpc)
        {
            framed = new byte[content.Length + 5];
            BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), content.Length);
            content.CopyTo(framed, 5);
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, isGrpc ? "/opentelemetry.proto.collector.trace.v1.TraceService/Export" : "/v1/traces")
        {
            Version = isGrpc ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(framed) { Headers = { ContentType = new MediaTypeHeaderValue(isGrpc ? "application/grpc" : "application/x-protobuf") } },
        };
        using var answer = await client.SendAsync(request);
        await answer.Content.ReadAsByteArrayAsync();
        var status = isGrpc ? answer.TrailingHeaders.Contains("grpc-status") && answer.TrailingHeaders.GetValues("grpc-status").Single() == "0" : answer.IsSuccessStatusCode;
        if (!status)
        {
            throw new InvalidOperationException($"The receiver refused: {answer}");
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
