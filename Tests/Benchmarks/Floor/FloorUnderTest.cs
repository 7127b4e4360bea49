using System.Diagnostics;
using Stack.Benchmarks.Servers;

namespace Stack.Benchmarks.Floor;

/// <summary>The floor as something that is measured.</summary>
internal sealed class FloorUnderTest : IAsyncDisposable
{
    private const int Slots = 512;
    private const int InFlight = 1024;
    private const int WarmUp = 20;
    private readonly FloorRun _run;

    private FloorUnderTest(FloorRun run, PostgresServer postgres, RabbitMqServer rabbit)
    {
        _run = run;
        Processes = [("commits and tasks", Environment.ProcessId), ("worker", run.WorkerId), ("postgres", postgres.ProcessId), ("rabbitmq", rabbit.ProcessId)];
    }

    public IReadOnlyList<(string Name, int Id)> Processes { get; }

    public static async Task<FloorUnderTest> StartAsync(PostgresServer postgres, RabbitMqServer rabbit, string queueType) =>
        new(await FloorRun.StartAsync(postgres.ConnectionString, rabbit.ConnectionString, queueType, Slots), postgres, rabbit);

    /// <summary>Runs many at once.</summary>
    /// <returns>How long it took, and the processor seconds of each process.</returns>
    public async Task<(TimeSpan Elapsed, IReadOnlyList<(string Name, double Seconds)> Cpu)> MeasureLoadAsync(int workflows)
    {
        await SubmitAsync(Math.Min(500, workflows));
        await _run.AnalyzeAsync();
        await SubmitAsync(Math.Min(2000, workflows));
        var cpu = new CpuMeter(Processes);
        var started = Stopwatch.GetTimestamp();
        await SubmitAsync(workflows);
        return (Stopwatch.GetElapsedTime(started), cpu.Read());
    }

    /// <summary>Runs one after the other.</summary>
    /// <returns>The milliseconds of each.</returns>
    public async Task<List<double>> MeasureOneAtATimeAsync(int count)
    {
        var latencies = new List<double>(count);
        for (var i = 0; i < count + WarmUp; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await _run.SubmitAsync();
            if (i >= WarmUp)
            {
                latencies.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        return latencies;
    }

    public ValueTask DisposeAsync() => _run.DisposeAsync();

    private async Task SubmitAsync(int count)
    {
        using var room = new SemaphoreSlim(InFlight);
        var all = new List<Task>(count);
        for (var i = 0; i < count; i++)
        {
            await room.WaitAsync();
            all.Add(One());
        }

        await Task.WhenAll(all);

        async Task One()
        {
            await _run.SubmitAsync();
            room.Release();
        }
    }
}
