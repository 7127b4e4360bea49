namespace Aspire.Hosting.Offline;

/// <summary>Where programs are looked for: in the folders of PATH, as a shell does, and on request in those where packages put what is not on it.</summary>
/// <param name="path">The folders, as PATH has them.</param>
/// <param name="root">What the other folders are relative to.</param>
internal sealed class ProgramSearch(string path, string root = "/")
{
    /// <summary>The one that goes by the PATH of this process; when there is none, by what a shell takes then.</summary>
    internal static ProgramSearch OfThisMachine() => new(Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin");

    /// <summary>The full path of what a command line begins with; null when there is no such program.</summary>
    /// <param name="command">A name, or a path.</param>
    /// <param name="workingDirectory">What a path is relative to.</param>
    internal string? Locate(string command, string workingDirectory)
    {
        if (!IsPath(command))
        {
            return Find(command);
        }
        var file = Path.GetFullPath(command, workingDirectory);
        return IsProgram(file) ? file : null;
    }

    /// <summary>As <see cref="Locate"/>; throws when there is no such program, or no such folder.</summary>
    internal string Require(string command, string workingDirectory)
    {
        if (!Directory.Exists(workingDirectory))
        {
            throw new DistributedApplicationException($"The working directory {workingDirectory} does not exist. Make it, or give another to AddExecutable.");
        }
        return Locate(command, workingDirectory)
            ?? throw new DistributedApplicationException($"The program '{command}' was not found{(IsPath(command) ? "" : " in PATH")}. Install it, or give its full path.");
    }

    /// <summary>The first place of the program; null when it is not there.</summary>
    /// <param name="program">Its file's name.</param>
    /// <param name="folders">Other folders than those of PATH, searched after it; a name in them may hold <c>*</c>.</param>
    internal string? Find(string program, params IReadOnlyList<string> folders) => FindAll(program, folders).FirstOrDefault();

    /// <summary>Every place of the program, those of PATH first.</summary>
    internal IEnumerable<string> FindAll(string program, IReadOnlyList<string> folders) =>
        path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Concat(InFolders(folders)).Select(folder => Path.Combine(folder, program)).Where(IsProgram).Distinct();

    /// <summary>Every place of the program in the folders; PATH is not searched.</summary>
    internal IEnumerable<string> FindIn(string program, IReadOnlyList<string> folders) => InFolders(folders).Select(folder => Path.Combine(folder, program)).Where(IsProgram);

    private static bool IsPath(string command) => command.Contains(Path.DirectorySeparatorChar);

    private static bool IsProgram(string file) =>
        File.Exists(file) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(file) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);

    private IEnumerable<string> InFolders(IReadOnlyList<string> folders) => OperatingSystem.IsWindows() ? [] : folders.SelectMany(Expand);

    private IEnumerable<string> Expand(string pattern)
    {
        IEnumerable<string> found = [root];
        foreach (var part in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            found = part.Contains('*', StringComparison.Ordinal)
                ? found.Where(Directory.Exists).SelectMany(folder => Directory.GetDirectories(folder, part).OrderDescending(StringComparer.Ordinal))
                : found.Select(folder => Path.Combine(folder, part));
        }
        return found;
    }
}
