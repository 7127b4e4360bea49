using System.Text;
using Stack.Checks;
using Stack.Contracts;
using Stack.Orchestrator.Workspaces;

namespace Stack.Orchestrator.Verification;

/// <summary>A fresh clone of a commit of a workflow: nothing but what the repository holds, and no way back to it.</summary>
/// <param name="git">Runs git.</param>
/// <param name="repositories">Where the repositories are.</param>
internal sealed class CleanClone(GitCommand git, GitRepositories repositories)
{
    private const string EmptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    /// <summary>Makes the clone.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="directory">Where it goes; empty or not there.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CheckTroubleException">The repository cannot be read, or there is no room.</exception>
    public Task MakeAsync(WorkflowId id, string commit, string directory, CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        (await git.RunAsync(null, ["init", "--quiet", directory], cancellationToken)).OrThrow("make a clone for verification");
        var repository = Path.Combine(directory, ".git");
        (await git.RunAsync(repository, ["fetch", "--quiet", "--no-tags", "--no-auto-gc", repositories.PathOf(id), $"+{commit}:refs/stack/claim"], cancellationToken)).OrThrow($"fetch commit {commit}");
        (await git.RunAsync(repository, ["--work-tree=" + directory, "checkout", "--quiet", "--detach", commit], cancellationToken)).OrThrow($"check out commit {commit}");
        return true;
    });

    /// <summary>What a commit changed.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="before">The commit to compare with. Null: with nothing.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CheckTroubleException">The repository cannot be read.</exception>
    public Task<IReadOnlyList<FileChange>> ChangesAsync(WorkflowId id, string? before, string commit, CancellationToken cancellationToken) => GuardAsync<IReadOnlyList<FileChange>>(async () =>
    {
        string[] arguments = ["diff", "--numstat", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", before ?? EmptyTree, commit];
        var lines = (await git.RunAsync(repositories.PathOf(id), arguments, cancellationToken)).OrThrow("list what changed").Output;
        return [.. Encoding.UTF8.GetString(lines).Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(Change)];
    });

    /// <summary>The change as text, cut when it is long.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="before">The commit to compare with. Null: with nothing.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="limit">The most characters.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CheckTroubleException">The repository cannot be read.</exception>
    public Task<string> DiffAsync(WorkflowId id, string? before, string commit, int limit, CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        string[] arguments = ["diff", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", before ?? EmptyTree, commit];
        var text = (await git.RunAsync(repositories.PathOf(id), arguments, cancellationToken)).OrThrow("show what changed").Text;
        return text.Length <= limit ? text : $"{text[..limit]}\n… {text.Length - limit} characters left out …";
    });

    private static FileChange Change(string line)
    {
        var parts = line.Split('\t', 3);
        return new FileChange(parts[^1], int.TryParse(parts[0], out var added) && int.TryParse(parts[1], out var removed) ? added + removed : null);
    }

    private static async Task<T> GuardAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or GitMissingException or UnauthorizedAccessException)
        {
            throw new CheckTroubleException(
                new StructuredError
                {
                    Code = "clone_failed",
                    Category = ErrorCategory.Resource,
                    Class = FailureClass.Infrastructure,
                    Retryable = true,
                    Message = $"The commit could not be cloned to be checked: {exception.Message}",
                    SuggestedAction = "Look at the space on the orchestrator's disk and at its folder of repositories; it is tried again by itself.",
                },
                exception);
        }
    }
}
