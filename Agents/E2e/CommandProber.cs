using Stack.Contracts;

namespace Stack.Agents.E2e;

/// <summary>Runs a console program and compares what it writes with what is expected.</summary>
/// <param name="processes">Runs it.</param>
/// <param name="program">The program and its first arguments.</param>
/// <param name="scratch">An empty folder; the program runs in it.</param>
/// <param name="log">Where the outcome goes.</param>
internal sealed class CommandProber(ProcessTool processes, IReadOnlyList<string> program, string scratch, E2eLog log)
{
    // The tool gives a program no input of its own, so a shell redirects a file; nothing of the probe becomes part of a command.
    private const string WithInput = """input=$1; shift; exec "$@" < "$input" """;

    /// <summary>Runs the program once.</summary>
    /// <param name="probe">Its arguments and what is expected.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task ProbeAsync(CommandProbe probe, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(scratch);
        var input = Path.Combine(scratch, "input.txt");
        await File.WriteAllTextAsync(input, probe.Input ?? "", cancellationToken);
        var result = await processes.RunAsync(
            new ProcessRequest
            {
                Program = "/bin/sh",
                Arguments = ["-c", WithInput, "sh", input, .. program, .. probe.Arguments],
                Directory = scratch,
                SeparateError = true,
                Timeout = TimeSpan.FromSeconds(60),
            },
            cancellationToken);
        var difference = Differences(probe, result);
        var expected = $"exit code {probe.ExitCode}{(probe.Output is null ? "" : $", output '{probe.Output}'")}{(probe.Error is null ? "" : $", error with '{probe.Error}'")}";
        log.Add(new E2eStep(probe.Name, "command", difference is null, expected, difference ?? "as expected") { DurationMs = (long)result.Duration.TotalMilliseconds });
    }

    private static string? Differences(CommandProbe probe, ProcessResult result) =>
        result.TimedOut ? $"it did not end within {result.Duration.TotalSeconds:0} s"
        : result.ExitCode != probe.ExitCode ? $"the exit code is {result.ExitCode}: {result.Tail(5)}"
        : probe.Output is { } output && Normal(result.Output) != Normal(output) ? $"the output is '{Normal(result.Output)}'"
        : probe.Error is { } error && !result.Error.Contains(error, StringComparison.Ordinal) ? $"the error is '{result.Error.Trim()}'"
        : null;

    private static string Normal(string text) => text.ReplaceLineEndings("\n").Trim();
}
