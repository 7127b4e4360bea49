using Stack.Contracts;

namespace Stack.Checks.Processes;

/// <summary>Finds programs before they are started, so that a missing one is a clear error and not exit code 127.</summary>
internal static class ProgramPath
{
    /// <summary>Where a program is. Null: it is nowhere.</summary>
    /// <param name="program">A name, or a path.</param>
    /// <param name="directory">What a relative path is relative to.</param>
    /// <param name="searchPath">The folders for a name, separated by colons.</param>
    public static string? Find(string program, string directory, string searchPath)
    {
        if (program.Contains('/', StringComparison.Ordinal))
        {
            var path = Path.GetFullPath(program, directory);
            return IsExecutable(path) ? path : null;
        }

        return searchPath.Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(IsExecutable);
    }

    /// <summary>Where a program is.</summary>
    /// <param name="program">A name, or a path.</param>
    /// <param name="directory">What a relative path is relative to.</param>
    /// <param name="searchPath">The folders for a name, separated by colons.</param>
    /// <exception cref="ProgramMissingException">It is nowhere.</exception>
    public static string Require(string program, string directory, string searchPath) =>
        Find(program, directory, searchPath) ?? throw new ProgramMissingException(new StructuredError
        {
            Code = "program_missing",
            Message = $"The program '{program}' was not found{(program.Contains('/', StringComparison.Ordinal) ? $" in '{directory}'" : $" on PATH ({searchPath})")}.",
            Category = ErrorCategory.Configuration,
            Class = FailureClass.Unproductive,
            SuggestedAction = $"Install '{program}' on the machine '{Environment.MachineName}', or add its folder to the agent's PATH, and restart the agent.",
        });

    private static bool IsExecutable(string path) =>
        File.Exists(path) && (OperatingSystem.IsWindows()
            || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);
}

/// <summary>A program that shall run is not there.</summary>
/// <param name="error">What is missing, and the remedy.</param>
internal sealed class ProgramMissingException(StructuredError error) : Exception(error.Message)
{
    /// <summary>What is missing, and the remedy.</summary>
    public StructuredError Error { get; } = error;
}
