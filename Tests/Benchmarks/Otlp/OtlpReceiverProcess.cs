using System.Diagnostics;
using System.Globalization;

namespace Stack.Benchmarks.Otlp;

/// <summary>What the receiver says about itself after a full collection.</summary>
internal sealed record ReceiverState(long Spans, long Dropped, long Logs, long Series, long Rejected, long ResidentBytes, long ManagedBytes, long DiskBytes, long ListMicroseconds, long SearchMicroseconds)
{
    public double ResidentMegabytes => ResidentBytes / 1048576.0;
}

/// <summary>The receiver's process. It ends when its input is closed, also when the benchmark dies.</summary>
internal sealed class OtlpReceiverProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _folder = Directory.CreateTempSubdirectory("stack-otlp-").FullName;

    private OtlpReceiverProcess()
    {
        var start = new ProcessStartInfo("dotnet", [typeof(OtlpReceiverProcess).Assembly.Location, "otlp-receiver", _folder]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // As the application host's project sets it.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        _process = Process.Start(start)!;
    }

    public int Id => _process.Id;

    public Uri Grpc { get; private set; } = null!;

    public Uri Http { get; private set; } = null!;

    public static async Task<OtlpReceiverProcess> StartAsync()
    {
        var receiver = new OtlpReceiverProcess();
        var addresses = (await receiver._process.StandardOutput.ReadLineAsync())?.Split(' ') ?? throw new InvalidOperationException("The receiver did not start.");
        (receiver.Grpc, receiver.Http) = (new Uri(addresses[0]), new Uri(addresses[1]));
        return receiver;
    }

    public async Task<ReceiverState> AskAsync()
    {
        await _process.StandardInput.WriteLineAsync("state");
        var line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The receiver has ended.");
        var numbers = line.Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        return new ReceiverState(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6], numbers[7], numbers[8], numbers[9]);
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(5_000))
        {
            _process.Kill();
        }

        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
