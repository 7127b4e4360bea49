namespace Aspire.Hosting.Offline;

/// <summary>Where the programs of servers are looked for: in the folders of PATH, and in those where packages put what is not on it.</summary>
internal sealed class ServerSearch(string path, string root = "/")
{
    internal static ServerSearch OfThisMachine() => new(Environment.GetEnvironmentVariable("PATH") ?? "");

    /// <summary>The first place of the program; null when it is not there.</summary>
    /// <param name="program">Its file's name.</param>
    /// <param name="folders">Other folders than those of PATH, searched after it; a name in them may hold <c>*</c>.</param>
    internal string? Find(string program, params IReadOnlyList<string> folders) => FindAll(program, folders).FirstOrDefault();

    /// <summary>Every place of the program, those of PATH first.</summary>
    internal IEnumerable<string> FindAll(string program, IReadOnlyList<string> folders) =>
        path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Concat(InFolders(folders)).Select(folder => Path.Combine(folder, program)).Where(ProgramFinder.IsProgram).Distinct();

    /// <summary>Every place of the program in the folders; PATH is not searched.</summary>
    internal IEnumerable<string> FindIn(string program, IReadOnlyList<string> folders) => InFolders(folders).Select(folder => Path.Combine(folder, program)).Where(ProgramFinder.IsProgram);

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
