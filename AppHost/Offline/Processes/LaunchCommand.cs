namespace Aspire.Hosting.Offline;

/// <summary>A program to start: its path, arguments, folder and environment.</summary>
internal sealed record LaunchCommand(string Program, IReadOnlyList<string> Arguments, string WorkingDirectory, IReadOnlyList<EvaluatedVariable> Environment)
{
    /// <summary>The user it runs as; null means the host's own.</summary>
    internal string? User { get; init; }

    /// <summary>What asks it to end.</summary>
    internal StopSignal StopSignal { get; init; } = StopSignal.Terminate;

    /// <summary>Whether <see cref="Environment"/> is all the environment it gets; otherwise it is added to the host's.</summary>
    internal bool HasOwnEnvironment { get; init; }

    /// <summary>Whether its words may hold a secret, so that nobody is told them.</summary>
    internal bool IsQuiet { get; init; }

    /// <summary>The folder that is the program's alone, so that what works in it belongs to the program; null when there is none.</summary>
    internal string? OwnDirectory { get; init; }
}
