using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Tools;

/// <summary>
/// An attempt's own clone of its workflow's repository. What is committed here is pushed to the attempt's branch when the attempt ends, and moves the workflow only if its result counts.
/// </summary>
internal sealed partial class Workspace : IAsyncDisposable
{
    private readonly GitTool _git;
    private readonly TaskEnvelope _task;
    private readonly GitAccess _access;

    private Workspace(GitTool git, TaskEnvelope task, WorkspaceReference reference, string directory, GitAccess access)
    {
        _git = git;
        _task = task;
        _access = access;
        Reference = reference;
        Directory = directory;
    }

    /// <summary>The folder, absolute.</summary>
    public string Directory { get; }

    /// <summary>What the task said about the repository.</summary>
    public WorkspaceReference Reference { get; }

    /// <summary>The commit that the attempt started from. Null: the repository was empty.</summary>
    public string? BaseCommit => Reference.BaseCommit;

    /// <summary>The absolute path of something inside.</summary>
    /// <param name="path">Relative, with forward slashes.</param>
    /// <exception cref="AgentFailure">The path leaves the workspace or reaches into <c>.git</c>.</exception>
    public string PathOf(string path)
    {
        var full = Path.GetFullPath(path, Directory);
        return DefinitionNames.IsInsideWorkspace(path) && full.StartsWith(Directory + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? full
            : throw new AgentFailure(new StructuredError
            {
                Code = "path_outside_workspace",
                Message = $"The path '{path}' is not inside the workspace.",
                Category = ErrorCategory.Validation,
                Class = FailureClass.Unproductive,
                SuggestedAction = "Use a relative path with forward slashes, without '..' and '.git'.",
            });
    }

    /// <summary>Writes a text file, with its folders.</summary>
    /// <param name="path">Relative, with forward slashes.</param>
    /// <param name="content">The text.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public async Task WriteAsync(string path, string content, CancellationToken cancellationToken)
    {
        var full = PathOf(path);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        await File.WriteAllTextAsync(full, content, cancellationToken);
    }

    /// <summary>
    /// Commits everything that changed and is not ignored. A repository that was made or cloned inside the workspace becomes plain files: git would keep only its name.
    /// </summary>
    /// <param name="message">The subject, and after an empty line more. The trailers that name workflow, stage and attempt are added.</param>
    /// <param name="allowEmpty">Whether to commit when nothing changed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The commit, or null when nothing changed.</returns>
    public async Task<string?> CommitAsync(string message, bool allowEmpty, CancellationToken cancellationToken)
    {
        await FlattenRepositoriesAsync(cancellationToken);
        await GitAsync(["add", "--all"], cancellationToken);
        if (!allowEmpty && (await TryGitAsync(["diff", "--cached", "--quiet"], cancellationToken)).Succeeded)
        {
            return null;
        }

        await GitAsync(["commit", "--quiet", "--no-verify", "--allow-empty", "--message", WithTrailers(message)], cancellationToken);
        return await HeadAsync(cancellationToken);
    }

    /// <summary>A commit message with the trailers that name workflow, stage and attempt, for commands that commit by themselves such as merge.</summary>
    /// <param name="message">The message.</param>
    public string WithTrailers(string message) =>
        $"{message.TrimEnd()}\n\nStack-Workflow: {_task.TaskId.WorkflowId}\nStack-Stage: {_task.TaskId.Stage}\nStack-Attempt: {_task.TaskId.Attempt}\n";

    /// <summary>The commit that is checked out. Null: there is none yet.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<string?> HeadAsync(CancellationToken cancellationToken)
    {
        var result = await TryGitAsync(["rev-parse", "--verify", "--quiet", "HEAD"], cancellationToken);
        return result.Succeeded ? result.Output.Trim() : null;
    }

    /// <summary>Runs git in the workspace and returns what it wrote to standard output.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="AgentFailure">It failed.</exception>
    public Task<string> GitAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        _git.RequireAsync(Directory, arguments, access: null, cancellationToken);

    /// <summary>Runs git in the workspace. A failing command is a result.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<ProcessResult> TryGitAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        _git.RunAsync(Directory, arguments, access: null, cancellationToken);

    // Git lists a repository inside the workspace as a folder, and nothing of what is in it.
    private async Task FlattenRepositoriesAsync(CancellationToken cancellationToken)
    {
        bool removed;
        do
        {
            removed = false;
            var listed = await GitAsync(["ls-files", "--others", "--exclude-standard", "-z"], cancellationToken);
            foreach (var path in listed.Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(path => path.EndsWith('/')))
            {
                removed |= RemoveRepository(Path.Combine(Directory, path, ".git"));
            }
        }
        while (removed);
    }

    private static bool RemoveRepository(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
            return true;
        }

        return System.IO.Directory.Exists(path) && Folders.Remove(path);
    }

    /// <summary>Removes the clone.</summary>
    public ValueTask DisposeAsync()
    {
        Folders.Remove(Directory);
        return ValueTask.CompletedTask;
    }
}
