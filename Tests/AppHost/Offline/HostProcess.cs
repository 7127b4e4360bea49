using System.Collections.Concurrent;
using System.Diagnostics;
using Aspire.Hosting.Offline;
using Stack.Tests.ServiceDefaults;

namespace Stack.Tests.AppHost.Offline;

/// <summary>An application host that a test started in a process of its own, and what descends from it.</summary>
internal sealed class HostProcess : IDisposable
{
    private readonly ConcurrentQueue<string> lines = new();
    private readonly Process process;
    private readonly string assignment;

    private HostProcess(Process process, string data)
    {
        this.process = process;
        assignment = new RunMarker(data, "any").AnyRunAssignment;
        process.OutputDataReceived += (_, line) => lines.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => lines.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public IEnumerable<string> Lines => lines;

    public int Id => process.Id;

    public int ExitCode => process.ExitCode;

    public bool HasExited => process.HasExited;

    public static HostProcess Start(string scenario, string data, params string[] options)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { typeof(HostProcess).Assembly.Location, "apphost", scenario, "--data", data, "--dashboard", "off", "--verbose" }.Concat(options))
        {
            start.ArgumentList.Add(argument);
        }
        return new HostProcess(Process.Start(start)!, data);
    }

    /// <summary>The processes of the application, without the host and its watchdog.</summary>
    public IReadOnlyList<int> Descendants() => ProcessTable.WithEnvironment(assignment);

    public Task SaysAsync(string text) => Eventually.TrueAsync(() => lines.Any(line => line.Contains(text, StringComparison.Ordinal)), $"the host says '{text}'; it said: {Said()}", TimeSpan.FromSeconds(30));

    public Task HasDescendantsAsync(int atLeast) => Eventually.TrueAsync(() => Descendants().Count >= atLeast, $"{atLeast} processes run; the host said: {Said()}", TimeSpan.FromSeconds(30));

    public Task IsGoneAsync(TimeSpan within) => Eventually.TrueAsync(() => process.HasExited, "the host is gone", within);

    public void Send(int signal) => Signal.Send(process.Id, signal);

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }
        foreach (var id in Descendants())
        {
            Signal.Send(id, Signal.Kill);
        }
        process.Dispose();
    }

    private string Said() => string.Join(Environment.NewLine, lines);
}
