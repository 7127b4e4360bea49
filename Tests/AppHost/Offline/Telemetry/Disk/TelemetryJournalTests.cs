using System.Diagnostics;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.Logging;

namespace Stack.Tests.AppHost.Offline.Telemetry.Disk;

public sealed class TelemetryJournalTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly ListLogger logger = new();

    private string Files => directory.File("telemetry");

    [Fact]
    public async Task Telemetry_OfAnEarlierRun_IsThereAgain()
    {
        await using (var first = await TelemetryHost.StartAsync(directory))
        {
            first.Store.Add(TelemetrySignal.Traces, OtlpMessage.Traces("server", OtlpMessage.Span(5, 1, "root"), OtlpMessage.Span(5, 2, "child", parent: 1)));
            first.Store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("server", OtlpMessage.Log("before", trace: 5, span: 2)));
            first.Store.Add(TelemetrySignal.Metrics, OtlpMessage.Metrics("server", OtlpMessage.Counter("c", TelemetryTime.From(TimeProvider.System.GetUtcNow()), 7)));
        }

        await using var second = await TelemetryHost.StartAsync(directory);
        second.Store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("server", OtlpMessage.Log("after")));

        Assert.Equal(["after", "before"], (await second.ListAsync("logs", "logs")).Select(line => line.GetProperty("message").GetString()));
        var trace = await second.GetAsync($"traces/{5:x32}");
        Assert.Equal(2, trace.GetProperty("spans").GetArrayLength());
        Assert.Equal(1, trace.GetProperty("log_ids").GetArrayLength());
        Assert.Single(await second.ListAsync("metrics", "instruments"));
        Assert.Equal("writing", (await second.GetAsync("status")).GetProperty("disk").GetProperty("state").GetString());
        if (!OperatingSystem.IsWindows())
        {
            foreach (var file in Directory.GetFiles(Files))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            }
        }
    }

    [Fact]
    public void Clear_OfAResource_HoldsAfterARestart()
    {
        var (store, journal) = Open();
        store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", OtlpMessage.Log("a")));
        store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("b", OtlpMessage.Log("b")));
        store.Clear(TelemetrySignal.Logs, "a");
        store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", OtlpMessage.Log("later")));
        journal.RunOnce();
        journal.Dispose();

        (store, journal) = Open();
        Assert.Equal(["later", "b"], Messages(store));
        store.Clear(TelemetrySignal.Logs, resource: null);
        journal.RunOnce();
        journal.Dispose();

        Assert.Empty(Directory.GetFiles(Files));
        Assert.Empty(Messages(Open().Store));
    }

    [Fact]
    public void File_TornAtAnyByte_IsCutOffAndTheRestIsRead()
    {
        var (store, journal) = Open();
        for (var number = 0; number < 3; number++)
        {
            store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", OtlpMessage.Log($"{number}")));
            journal.RunOnce();
        }
        journal.Dispose();
        var path = Assert.Single(Directory.GetFiles(Files));
        var whole = File.ReadAllBytes(path);
        for (var length = whole.Length - 1; length >= 0; length -= 7)
        {
            File.WriteAllBytes(path, whole[..length]);
            var (torn, again) = Open();
            again.Dispose();
            Assert.InRange(Messages(torn).Length, 0, 2);
            Assert.True(!File.Exists(path) || new FileInfo(path).Length <= length);
        }
        Assert.Contains(logger.Lines, line => line.Contains("cut off", StringComparison.Ordinal));
        Assert.All(logger.Levels, level => Assert.Equal(LogLevel.Information, level));
    }

    [Fact]
    public void File_WithADamagedByte_GivesWhatIsBeforeIt()
    {
        var (store, journal) = Open();
        for (var number = 0; number < 3; number++)
        {
            store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", OtlpMessage.Log($"{number}")));
            journal.RunOnce();
        }
        journal.Dispose();
        var path = Assert.Single(Directory.GetFiles(Files));
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);

        var (damaged, again) = Open();
        Assert.Equal(["0"], Messages(damaged));
        damaged.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", OtlpMessage.Log("new")));
        again.RunOnce();
        again.Dispose();
        Assert.Equal(["new", "0"], Messages(Open().Store));
    }

    [Fact]
    public void Files_WhenFull_LoseTheOldest()
    {
        var options = new TelemetryOptions { MostDiskBytes = 200_000, SegmentBytes = 20_000, MostLogs = 1_000_000 };
        var (store, journal) = Open(options);
        var random = new Random(1);
        for (var number = 0; number < 200; number++)
        {
            store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", OtlpMessage.Log($"{number} {random.Next()} {new string([.. Enumerable.Range(0, 8_000).Select(_ => (char)random.Next('a', 'z'))])}")));
            journal.RunOnce();
        }
        journal.Dispose();

        Assert.InRange(Directory.GetFiles(Files).Sum(file => new FileInfo(file).Length), 100_000, 250_000);
        var kept = Messages(Open(options).Store);
        Assert.StartsWith("199 ", kept[0], StringComparison.Ordinal);
        Assert.InRange(kept.Length, 10, 60);
    }

    [Fact]
    public void Files_HoldNoMoreThanMemoryDoes()
    {
        var options = new TelemetryOptions { MostSpans = 1_000, SegmentBytes = 2_000 };
        var (store, journal) = Open(options);
        for (var number = 1; number <= 100; number++)
        {
            store.Add(TelemetrySignal.Traces, OtlpMessage.Traces("a", [.. Enumerable.Range(1, 100).Select(span => OtlpMessage.Span((UInt128)number, (ulong)span, $"{number} {span}"))]));
            journal.RunOnce();
        }
        journal.Dispose();

        Assert.InRange(Directory.GetFiles(Files).Length, 2, 15);
        Assert.Equal((1_000, 0L), Open(options).Store.Read(content => (content.Spans.Count, content.Spans.Dropped / 1_000)));
    }

    [Fact]
    public void Directory_ThatCannotBeMade_IsSaidOnceAndTelemetryGoesOnInMemory()
    {
        File.WriteAllText(Files, "in the way");
        var (store, journal) = Open();
        for (var number = 0; number < 3; number++)
        {
            store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", OtlpMessage.Log($"{number}")));
            journal.RunOnce();
        }

        Assert.Equal(3, Messages(store).Length);
        Assert.Contains("--data DIR", Assert.Single(logger.Lines), StringComparison.Ordinal);
        Assert.NotNull(journal.Failure);
    }

    [SmallDiskFact]
    public void Disk_ThatIsFull_IsSaidOnceAndUsedAgainWhenItHasRoom()
    {
        using var disk = new SmallDisk(directory.File("disk"), megabytes: 3);
        var time = new ManualTime();
        var journal = new TelemetryJournal(Path.Combine(disk.Path, "telemetry"), new TelemetryOptions(), time, logger);
        var store = new TelemetryStore(new TelemetryOptions(), time);
        journal.Read(store, CancellationToken.None);
        store.Journal = journal;
        File.WriteAllBytes(Path.Combine(disk.Path, "filler"), new byte[(3 << 20) - 64_000]);
        var random = new Random(1);
        for (var number = 0; number < 50; number++)
        {
            store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", OtlpMessage.Log($"{number} {new string([.. Enumerable.Range(0, 8_000).Select(_ => (char)random.Next('a', 'z'))])}")));
            journal.RunOnce();
        }
        Assert.Equal(50, Messages(store).Length);
        Assert.Single(logger.Lines);
        Assert.NotNull(journal.Failure);

        File.Delete(Path.Combine(disk.Path, "filler"));
        time.Advance(TimeSpan.FromMinutes(2));
        journal.RunOnce();
        store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", OtlpMessage.Log("again")));
        journal.RunOnce();
        journal.Dispose();

        Assert.Null(journal.Failure);
        Assert.Equal(2, logger.Lines.Count);
        var later = new TelemetryStore(new TelemetryOptions(), time);
        new TelemetryJournal(Path.Combine(disk.Path, "telemetry"), new TelemetryOptions(), time, logger).Read(later, CancellationToken.None);
        Assert.Equal("again", Messages(later)[0]);
        Assert.InRange(Messages(later).Length, 2, 20);
    }

    public void Dispose() => directory.Dispose();

    private (TelemetryStore Store, TelemetryJournal Journal) Open(TelemetryOptions? options = null)
    {
        var journal = new TelemetryJournal(Files, options ?? new(), TimeProvider.System, logger);
        var store = new TelemetryStore(options ?? new(), TimeProvider.System);
        journal.Read(store, CancellationToken.None);
        store.Journal = journal;
        return (store, journal);
    }

    private static string[] Messages(TelemetryStore store) => store.Read(content =>
        LogQuery.Read(new TelemetryQuery(new Microsoft.AspNetCore.Http.QueryCollection())).Newest(content, before: null, 1_000).Logs.Select(line => line.Message).ToArray());

    private sealed class ListLogger : ILogger<TelemetryJournal>
    {
        public List<string> Lines { get; } = [];

        public List<LogLevel> Levels { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Levels.Add(logLevel);
            Lines.Add(formatter(state, exception));
        }
    }

    private sealed class ManualTime : TimeProvider
    {
        private long ticks = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => ticks;

        public void Advance(TimeSpan by) => ticks += by.Ticks;
    }
}

/// <summary>Needs a file system of its own, which only root may mount.</summary>
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute()
    {
        if (!SmallDisk.IsPossible)
        {
            Skip = "Only root on Linux may mount the small disk that this test fills; run the tests as root.";
        }
    }
}

/// <summary>A tmpfs of some megabytes.</summary>
internal sealed class SmallDisk : IDisposable
{
    private static readonly Lazy<bool> Possible = new(TryOnce);

    public SmallDisk(string path, int megabytes)
    {
        Path = Directory.CreateDirectory(path).FullName;
        if (!Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", Path))
        {
            throw new InvalidOperationException($"tmpfs cannot be mounted at {Path}.");
        }
    }

    public static bool IsPossible => Possible.Value;

    public string Path { get; }

    public void Dispose() => Run("umount", "-l", Path);

    private static bool TryOnce()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            return false;
        }
        using var directory = new TemporaryDirectory();
        var isMounted = Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory.Path);
        return isMounted && Run("umount", directory.Path);
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
