using Stack.Benchmarks;
using Stack.Benchmarks.Floor;
using Stack.Benchmarks.Gateway;
using Stack.Benchmarks.History;
using Stack.Benchmarks.Otlp;
using Stack.Benchmarks.Pipeline;
using Stack.Benchmarks.Start;

// Each benchmark by its name: dotnet run -c Release --project Tests/Benchmarks -- NAME [arguments]
var benchmarks = new Dictionary<string, (string Purpose, Func<string[], Task> Run)>
{
    ["store"] = ("what a store writes per second in batches, and how long lists take with a million finished workflows [history, default 1000000] [--postgres [connection string]]", StoreBenchmark.RunAsync),
    ["pipeline5"] = ("five sequential stages through the whole stack [workflows, default 10000] [one at a time, default 500] [--infrastructure embedded|servers|postgres|rabbitmq]", Pipeline5.RunAsync),
    ["history"] = ("what finished workflows cost the next ones, and lists over HTTP [finished, default 1000000] [workflows, default 10000] [embedded|servers|postgres|rabbitmq]", HistoryBenchmark.RunAsync),
    ["floor"] = ("what PostgreSQL and RabbitMQ themselves take for five stages, without an engine [workflows, default 5000] [one at a time, default 300]", FloorBenchmark.RunAsync),
    ["otlp"] = ("how fast the application host takes telemetry, what 100,000 spans cost it in memory, and what exporting costs the stack [spans, default 1000000] [workflows, default 5000; 0 for none]", OtlpBenchmark.RunAsync),
    ["otlp-receiver"] = ("the other process of otlp, which starts it", OtlpReceiver.RunAsync),
    ["gateway"] = ("what the gateway adds to a call of a model, beside the provider alone [calls, default 3000]", GatewayBenchmark.RunAsync),
    ["gateway-model"] = ("the other process of gateway, which starts it", ScriptedModel.RunAsync),
    ["start"] = ("from the start of the application host to all healthy, and from SIGTERM to its end [rounds, default 3] [embedded|processes|containers]", StartBenchmark.RunAsync),
    ["floor-worker"] = ("the other process of the floor, which starts it", FloorWorker.RunAsync),
};

if (args.Length == 0 || !benchmarks.TryGetValue(args[0], out var benchmark))
{
    Console.Error.WriteLine("Which benchmark?");
    foreach (var (name, (purpose, _)) in benchmarks)
    {
        Console.Error.WriteLine($"  {name,-12} {purpose}");
    }

    return 64;
}

await benchmark.Run(args[1..]);
return 0;
