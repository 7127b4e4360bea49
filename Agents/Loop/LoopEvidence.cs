using System.Globalization;
using Stack.Agents.Loop.Native;
using Stack.Agents.Runtime;
using Stack.Agents.Tools;
using Stack.Contracts;

namespace Stack.Agents.Loop;

/// <summary>What is the case after an iteration, whatever its backend says: the files, and how the checks end.</summary>
/// <param name="Tree">The tree of the files. Empty: there are none.</param>
/// <param name="Commit">The commit. Null: there is none.</param>
/// <param name="FilesChanged">The files that differ from where the loop started.</param>
/// <param name="Checks">How each check ended.</param>
internal sealed record LoopEvidence(string Tree, string? Commit, IReadOnlyList<string> FilesChanged, IReadOnlyList<IterationCheck> Checks)
{
    private const int TailLines = 30;
    private const int TailCharacters = 3_000;

    // Left by builds and tests; a change of them is no progress.
    private const string Leftovers = "bin/Debug/\nbin/Release/\nobj/\nnode_modules/\n__pycache__/\nTestResults/\n.pytest_cache/\n";

    /// <summary>Everything as one text: equal texts, equal evidence.</summary>
    public string Text => $"{Tree}{string.Concat(Checks.Select(check => string.Create(CultureInfo.InvariantCulture, $" {check.ExitCode}")))}";

    /// <summary>Whether something was made and every check passed.</summary>
    public bool Suffices => FilesChanged.Count > 0 && Checks.All(check => check.Passed);

    /// <summary>Keeps what builds leave out of the commits of a workspace.</summary>
    public static async Task LeaveOutLeftoversAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(Path.Combine(workspace.Directory, ".git", "info"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "exclude"), Leftovers, cancellationToken);
    }

    /// <summary>Looks.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="start">The commit that the loop started from. Null: the workspace was empty.</param>
    /// <param name="checks">Runs the checks.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<LoopEvidence> MeasureAsync(AgentContext context, string? start, Func<CancellationToken, Task<IReadOnlyList<IterationCheck>>> checks, CancellationToken cancellationToken)
    {
        var workspace = context.Workspace;
        if (await workspace.HeadAsync(cancellationToken) is not { } head)
        {
            return new LoopEvidence("", null, [], await checks(cancellationToken));
        }

        var tree = (await workspace.GitAsync(["rev-parse", $"{head}^{{tree}}"], cancellationToken)).Trim();
        var changed = await workspace.GitAsync(start is null ? ["ls-tree", "-r", "--name-only", head] : ["diff", "--name-only", start, head], cancellationToken);
        return new LoopEvidence(tree, head, changed.Split('\n', StringSplitOptions.RemoveEmptyEntries), await checks(cancellationToken));
    }

    /// <summary>Runs commands as checks.</summary>
    public static async Task<IReadOnlyList<IterationCheck>> RunAsync(AgentContext context, IReadOnlyList<string> commands, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var checks = new List<IterationCheck>();
        foreach (var command in commands)
        {
            checks.Add(CheckOf(context, command, await context.Processes.RunAsync(new ProcessRequest { Program = "/bin/sh", Arguments = ["-c", command], Directory = context.Workspace.Directory, Timeout = timeout }, cancellationToken)));
        }

        return checks;
    }

    /// <summary>The result of a command as a check.</summary>
    public static IterationCheck CheckOf(AgentContext context, string command, ProcessResult result)
    {
        var tail = ConfinedPath.Hide(context.Workspace, result.Tail(TailLines));
        tail = tail.Length > TailCharacters ? tail[^TailCharacters..] : tail;
        return new IterationCheck(command, result.Succeeded, result.ExitCode, result.Succeeded ? null : result.TimedOut ? $"It did not end in time.\n{tail}" : tail);
    }
}
