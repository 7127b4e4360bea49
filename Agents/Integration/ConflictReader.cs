using Stack.Agents.Tools;

namespace Stack.Agents.Integration;

/// <summary>Reads from a merge that stopped what stopped it.</summary>
internal static class ConflictReader
{
    private const int MaxHunks = 20;
    private const int MaxLines = 60;

    /// <summary>Reads the conflicts of the merge under way.</summary>
    /// <param name="workspace">The clone.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<IReadOnlyList<MergeConflict>> ReadAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        var status = await workspace.GitAsync(["status", "--porcelain=v1", "-z", "--untracked-files=no"], cancellationToken);
        var conflicts = new List<MergeConflict>();
        foreach (var entry in status.Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            if (entry.Length > 3 && KindOf(entry[..2]) is { } kind)
            {
                var path = entry[3..];
                conflicts.Add(new MergeConflict(path, kind, HunksOf(await workspace.GitAsync(["diff", "--no-color", "--", path], cancellationToken))));
            }
        }

        return conflicts;
    }

    // The letters of git status: first the target's side, then the work's.
    private static string? KindOf(string letters) => letters switch
    {
        "UU" => "both modified",
        "AA" => "both added",
        "DD" => "both deleted",
        "UD" => "modified in the target, deleted in the work",
        "DU" => "deleted in the target, modified in the work",
        "AU" => "added in the target",
        "UA" => "added in the work",
        _ => null,
    };

    private static List<string> HunksOf(string diff)
    {
        var hunks = new List<string>();
        foreach (var part in diff.Split("\n@@@").Skip(1).Take(MaxHunks))
        {
            hunks.Add("@@@" + string.Join('\n', part.Split('\n').Take(MaxLines)));
        }

        return hunks;
    }
}
