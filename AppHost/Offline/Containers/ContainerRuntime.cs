using System.Diagnostics;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>How a command of a container runtime ended.</summary>
internal sealed record ContainerAnswer(int ExitCode, string Output, string Errors)
{
    internal bool IsSuccess => ExitCode == 0;

    /// <summary>What the runtime said last, for people.</summary>
    internal string Reason => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() is { } line ? line : $"exit code {ExitCode}";

    internal IReadOnlyList<string> Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>docker or podman: its program, and how its commands are run. Thread-safe.</summary>
/// <param name="Name">docker or podman.</param>
/// <param name="Program">The full path.</param>
/// <param name="Version">What it said of itself.</param>
internal sealed record ContainerRuntime(string Name, string Program, string Version)
{
    internal bool IsPodman => Name == "podman";

    /// <summary>Runs a command to its end. A command that takes longer than <paramref name="deadline"/> is ended and answered with exit code 124.</summary>
    internal Task<ContainerAnswer> RunAsync(IReadOnlyList<string> arguments, TimeSpan deadline, CancellationToken cancellationToken) =>
        RunAsync(Program, arguments, [], input: null, onLine: null, deadline, cancellationToken);

    /// <summary>Runs a command to its end, with variables for the client, bytes for it to read, and somebody who hears each line.</summary>
    internal Task<ContainerAnswer> RunAsync(
        IReadOnlyList<string> arguments,
        IReadOnlyList<EvaluatedVariable> environment,
        byte[]? input,
        Action<string, bool>? onLine,
        TimeSpan deadline,
        CancellationToken cancellationToken) => RunAsync(Program, arguments, environment, input, onLine, deadline, cancellationToken);

    internal static async Task<ContainerAnswer> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyList<EvaluatedVariable> environment,
        byte[]? input,
        Action<string, bool>? onLine,
        TimeSpan deadline,
        CancellationToken cancellationToken)
    {
        using var process = Process.Start(StartOf(program, arguments, environment))!;
        var (output, errors) = (new StringBuilder(), new StringBuilder());
        var reading = Task.WhenAll(
            LineReader.ReadAsync(process.StandardOutput.BaseStream, line => Hear(line, output, isError: false)),
            LineReader.ReadAsync(process.StandardError.BaseStream, line => Hear(line, errors, isError: true)));
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(deadline);
        try
        {
            await FeedAsync(process, input, late.Token);
            await process.WaitForExitAsync(late.Token);
            await reading.WaitAsync(late.Token);
            return new(process.ExitCode, output.ToString(), errors.ToString());
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            return new(124, output.ToString(), $"{errors}\n{Path.GetFileName(program)} {arguments[0]} did not end within {deadline.TotalSeconds:0} s");
        }

        void Hear(string line, StringBuilder heard, bool isError)
        {
            heard.Append(line).Append('\n');
            onLine?.Invoke(line, isError);
        }
    }

    private static ProcessStartInfo StartOf(string program, IReadOnlyList<string> arguments, IReadOnlyList<EvaluatedVariable> environment)
    {
        var start = SessionLauncher.StartOf(program);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        foreach (var variable in environment)
        {
            start.Environment[variable.Name] = variable.Value;
        }
        return start;
    }

    private static async Task FeedAsync(Process process, byte[]? input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input ?? [], cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit code says why.
        }
    }
}
