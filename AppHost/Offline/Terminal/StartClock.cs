using System.Diagnostics;

namespace Aspire.Hosting.Offline;

/// <summary>How long ago this host was started, and how long ago the command was typed that started it.</summary>
internal sealed class StartClock(TimeProvider time)
{
    private readonly DateTimeOffset hostStart = StartOf(Process.GetCurrentProcess());
    private readonly DateTimeOffset? commandStart = LaunchingCommand.Find() is { } command ? StartOf(command) : null;

    internal TimeSpan SinceHostStart => time.GetUtcNow() - hostStart;

    /// <summary>Null when it was not <c>dotnet run</c>.</summary>
    internal TimeSpan? SinceCommand => time.GetUtcNow() - commandStart;

    private static DateTimeOffset StartOf(Process process)
    {
        using (process)
        {
            return process.StartTime.ToUniversalTime();
        }
    }
}

/// <summary>The <c>dotnet run</c> or <c>dotnet watch</c> that started this host.</summary>
internal static class LaunchingCommand
{
    /// <summary>The process; null when something else started the host, or when the system does not say.</summary>
    internal static Process? Find()
    {
        if (ProcessTable.ParentOf(Environment.ProcessId) is not { } parent || ProcessTable.CommandLine(parent)?.Split(' ') is not [var program, ..] words)
        {
            return null;
        }
        if (Path.GetFileName(program) != "dotnet" || !words.Any(word => word is "run" or "watch"))
        {
            return null;
        }
        try
        {
            return Process.GetProcessById(parent);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
