using Stack.Agents.Runtime;
using Stack.Agents.Tools;
using Stack.Contracts;

namespace Stack.Agents.Scaffold;

/// <summary>Writes the files of an answer into a workspace. Nothing is written unless everything may be.</summary>
internal static class AnswerWriter
{
    private const int MaxFiles = 2_000;
    private const int MaxCharacters = 20 * 1024 * 1024;

    /// <summary>Writes the files.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="files">The files.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    /// <exception cref="AgentFailure">A path leaves the workspace, also through a link in it, comes twice, or there is too much of it.</exception>
    public static async Task WriteAsync(Workspace workspace, IReadOnlyList<AnsweredFile> files, CancellationToken cancellationToken)
    {
        if (files.Count > MaxFiles || files.Sum(file => (long)file.Content.Length) > MaxCharacters)
        {
            throw Refuse("answer_too_large", $"The answer has {files.Count} files with {files.Sum(file => (long)file.Content.Length)} characters; {MaxFiles} files and {MaxCharacters} characters are allowed.");
        }

        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in files)
        {
            RefuseLinks(workspace.Directory, workspace.PathOf(file.Path), file.Path);
            if (!seen.Add(file.Path))
            {
                throw Refuse("path_twice", $"The answer has two files at '{file.Path}'.");
            }
        }

        foreach (var file in files)
        {
            await workspace.WriteAsync(file.Path, file.Content, cancellationToken);
        }
    }

    private static void RefuseLinks(string root, string full, string path)
    {
        for (var part = full; part.Length > root.Length; part = Path.GetDirectoryName(part)!)
        {
            if (new FileInfo(part).LinkTarget is { } target)
            {
                throw Refuse("path_through_link", $"The file '{path}' would be written through the link '{Path.GetRelativePath(root, part)}' to '{target}'.");
            }
        }
    }

    private static AgentFailure Refuse(string code, string message) => new(new StructuredError
    {
        Code = code,
        Message = message,
        Category = ErrorCategory.Validation,
        Class = FailureClass.Unproductive,
        Retryable = true,
        SuggestedAction = "The model's answer was refused as a whole and nothing was written. Try again, or use another model.",
    });
}
