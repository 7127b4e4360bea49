using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Stack.Benchmarks.Start;

/// <summary>From the start of the application host to all resources healthy, and from Ctrl+C to its end, for each way of running the infrastructure: with nothing there, and with data kept.</summary>
internal static partial class StartBenchmark
{
    private static readonly string[] Ways = ["embedded", "processes", "containers"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static async Task RunAsync(string[] arguments)
    {
        var rounds = arguments.FirstOrDefault(argument => argument.All(char.IsAsciiDigit)) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : 3;
        var ways = Ways.Where(way => !arguments.Any(Ways.Contains) || arguments.Contains(way));
        Console.WriteLine("| infrastructure | nothing there | data kept, best | median | stop, median |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var way in ways)
        {
            Console.WriteLine(await MeasureAsync(way, rounds));
        }
    }

    private static async Task<string> MeasureAsync(string way, int rounds)
    {
        var data = Directory.CreateTempSubdirectory("stack-bench-start-").FullName;
        try
        {
            var (first, _, refusal) = await StartOnceAsync(way, data);
            if (refusal is not null)
            {
                return $"| {way} | skipped: {refusal} | | | |";
            }

            var kept = new List<(double Start, double Stop)>();
            for (var round = 0; round < rounds; round++)
            {
                var (start, stop, _) = await StartOnceAsync(way, data);
                kept.Add((start, stop));
            }

            var starts = kept.Select(one => one.Start).Order().ToArray();
            var stops = kept.Select(one => one.Stop).Order().ToArray();
            return string.Create(CultureInfo.InvariantCulture, $"| {way} | {first:F1} s | {starts[0]:F1} s | {starts[starts.Length / 2]:F1} s | {stops[stops.Length / 2]:F1} s |");
        }
        finally
        {
            Delete(data);
        }
    }

    private static async Task<(double Start, double Stop, string? Refusal)> StartOnceAsync(string way, string data)
    {
        var healthy = new TaskCompletionSource<double>(TaskCreationOptions.RunContinuationsAsynchronously);
        var errors = new List<string>();
        using var host = new Process { StartInfo = StartInfoOf(way, data) };
        host.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { } said && Healthy().Match(said) is { Success: true } match)
            {
                healthy.TrySetResult(double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
            }
        };
        host.ErrorDataReceived += (_, line) => errors.Add(line.Data ?? "");
        host.Start();
        host.BeginOutputReadLine();
        host.BeginErrorReadLine();
        var ended = host.WaitForExitAsync();
        using var late = new CancellationTokenSource(Patience);
        if (await Task.WhenAny(healthy.Task, ended).WaitAsync(late.Token) == ended)
        {
            return (0, 0, errors.FirstOrDefault(line => line.Length > 0) ?? $"the host ended with {host.ExitCode}");
        }

        var asked = Stopwatch.GetTimestamp();
        using (Process.Start("kill", ["-TERM", host.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await ended.WaitAsync(late.Token);
        }

        return (await healthy.Task, Stopwatch.GetElapsedTime(asked).TotalSeconds, null);
    }

    private static ProcessStartInfo StartInfoOf(string way, string data)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "AppHost", configuration, "Stack.AppHost.dll"));
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = data };
        foreach (var argument in (string[])[program, "--data", data, "--infrastructure", way, "--orchestrator-port", Servers.ServerProcess.FreePort().ToString(CultureInfo.InvariantCulture), "--dashboard", "off"])
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    // A host that is root lets its servers keep their data elsewhere; volumes of containers are the runtime's, and stay.
    private static void Delete(string data)
    {
        var servers = new DirectoryInfo(Path.Combine(data, "servers"));
        if (servers.Exists && servers.ResolveLinkTarget(returnFinalTarget: true) is { } elsewhere)
        {
            Directory.Delete(elsewhere.FullName, recursive: true);
        }

        Directory.Delete(data, recursive: true);
    }

    [GeneratedRegex(@"all healthy in ([\d.]+) s")]
    private static partial Regex Healthy();
}
