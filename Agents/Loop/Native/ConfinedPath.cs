using Stack.Agents.Runtime;
using Stack.Agents.Tools;

namespace Stack.Agents.Loop.Native;

/// <summary>Paths that a model names: inside the workspace, and not through a link, which may lead anywhere.</summary>
internal static class ConfinedPath
{
    /// <summary>A text without the folder that the workspace has on this machine, which differs from attempt to attempt: the same work gives the same text.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="text">The text.</param>
    public static string Hide(Workspace workspace, string text) =>
        text.Replace(workspace.Directory + "/", "", StringComparison.Ordinal).Replace(workspace.Directory, ".", StringComparison.Ordinal);

    /// <summary>The absolute path.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="path">What the model wrote.</param>
    /// <exception cref="ToolMisuseException">It leaves the workspace; the message tells the model.</exception>
    public static string Resolve(Workspace workspace, string path)
    {
        var relative = path.StartsWith(workspace.Directory + "/", StringComparison.Ordinal) ? path[(workspace.Directory.Length + 1)..] : path;
        relative = relative.StartsWith("./", StringComparison.Ordinal) ? relative[2..] : relative;
        if (relative is "" or ".")
        {
            return workspace.Directory;
        }

        string full;
        try
        {
            full = workspace.PathOf(relative.TrimEnd('/'));
        }
        catch (AgentFailure failure)
        {
            throw new ToolMisuseException($"{failure.Error.Message} {failure.Error.SuggestedAction}");
        }

        for (var part = full; part.Length > workspace.Directory.Length; part = Path.GetDirectoryName(part)!)
        {
            if (new FileInfo(part).LinkTarget is { } target)
            {
                throw new ToolMisuseException($"'{path}' goes through the link '{Path.GetRelativePath(workspace.Directory, part)}' to '{target}'. Links are not followed.");
            }
        }

        return full;
    }
}
