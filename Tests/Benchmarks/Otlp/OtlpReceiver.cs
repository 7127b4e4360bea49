using System.Diagnostics;
using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Primitives;

namespace Stack.Benchmarks.Otlp;

/// <summary><c>otlp-receiver</c>: what the application host runs for telemetry, in a process of its own. It says where it listens, and answers each line it is given with a line about itself.</summary>
internal static class OtlpReceiver
{
    public const string Key = "key-of-the-benchmark";

    public static async Task RunAsync(string[] args)
    {
        var configuration = new ConfigurationManager
        {
            [ReceiverKey.Setting] = Key,
            [ReceiverAddress.GrpcSetting] = "http://localhost:0",
            [ReceiverAddress.HttpSetting] = "http://localhost:0",
        };
        var options = new TelemetryOptions();
        using var journal = new TelemetryJournal(Path.Combine(args[0], "telemetry"), options, TimeProvider.System, NullLogger<TelemetryJournal>.Instance);
        var store = new TelemetryStore(options, TimeProvider.System);
        var ports = new EndpointAllocator(new KeptPorts(new StateDirectory(args[0])), new DistributedApplicationModel(new ResourceCollection()), configuration);
        await using var receivers = new TelemetryReceivers(store, journal, ports, new DistributedApplicationOptions(), configuration, TimeProvider.System, NullLogger<TelemetryReceivers>.Instance);
        await receivers.StartAsync(CancellationToken.None);
        await receivers.Restored;
        Console.WriteLine($"{receivers.Grpc} {receivers.Http}");
        while (await Console.In.ReadLineAsync() is not null)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            var status = TelemetryStatus.Of(store, receivers);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{status.Spans.Count} {status.Spans.Dropped} {status.Logs.Count} {status.Metrics.Series} {status.RejectedRequests} {Environment.WorkingSet} {GC.GetTotalMemory(forceFullCollection: false)} {status.Disk.Bytes} {Median(store, "")} {Median(store, "text=nothing")}"));
        }
    }

    // Microseconds of the first page of traces.
    private static long Median(TelemetryStore store, string query)
    {
        var fields = query.Length == 0 ? [] : new Dictionary<string, StringValues> { [query.Split('=')[0]] = query.Split('=')[1] };
        var times = new List<TimeSpan>();
        for (var turn = 0; turn < 21; turn++)
        {
            var began = Stopwatch.GetTimestamp();
            store.Read(content => TraceQuery.Read(new TelemetryQuery(new QueryCollection(fields))).Newest(content, 100));
            times.Add(Stopwatch.GetElapsedTime(began));
        }

        times.Sort();
        return (long)times[times.Count / 2].TotalMicroseconds;
    }
}
