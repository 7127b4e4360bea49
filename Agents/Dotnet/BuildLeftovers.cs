using Stack.Agents.Tools;

namespace Stack.Agents.Dotnet;

/// <summary>Keeps what builds leave in a clone out of its commits, also when the workspace has no <c>.gitignore</c>.</summary>
internal static class BuildLeftovers
{
    private static readonly string[] s_patterns = ["bin/", "obj/", "artifacts/", "TestResults/", "node_modules/", "*.binlog"];

    /// <summary>Adds the patterns to the clone's own list, which is not part of the repository.</summary>
    /// <param name="workspace">The clone.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task IgnoreAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        var info = Path.Combine(workspace.Directory, ".git", "info");
        Directory.CreateDirectory(info);
        await File.WriteAllLinesAsync(Path.Combine(info, "exclude"), s_patterns, cancellationToken);
    }
}
