using Stack.Contracts;

namespace Stack.Agents.Tools;

/// <summary>What goes between the clone and the workflow's repository.</summary>
internal sealed partial class Workspace
{
    private const string RefsHeads = "refs/heads/";

    /// <summary>Clones the repository of a task and checks out its base commit on the workflow's branch. Other attempts' branches are not fetched; <c>origin/main</c> and tags are.</summary>
    /// <param name="git">Runs git.</param>
    /// <param name="task">The task; it has a workspace.</param>
    /// <param name="directory">Where the clone goes; must not exist.</param>
    /// <param name="orchestrator">The orchestrator's address.</param>
    /// <param name="token">The agent's token. Null: none is needed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="Runtime.AgentFailure">It failed.</exception>
    internal static async Task<Workspace> OpenAsync(
        GitTool git, TaskEnvelope task, string directory, Uri orchestrator, string? token, CancellationToken cancellationToken)
    {
        var reference = task.Workspace ?? throw new ArgumentException($"The task {task.TaskId} has no workspace.", nameof(task));
        var access = AccessTo(reference, orchestrator, token);
        var workspace = new Workspace(git, task, reference, Path.GetFullPath(directory), access);
        System.IO.Directory.CreateDirectory(workspace.Directory);
        await workspace.GitAsync(["init", "--quiet", $"--initial-branch={ShortName(reference.Branch)}"], cancellationToken);
        await workspace.GitAsync(["remote", "add", "origin", access.Remote], cancellationToken);
        if (reference.BaseCommit is { } commit)
        {
            // A negative refspec leaves the branches of other attempts where they are. The commit is named too: the work branch follows a result that counts
            // a moment later, and the next attempt may be there first.
            await git.RequireAsync(
                workspace.Directory,
                ["fetch", "--quiet", "--no-auto-gc", access.Remote, "+refs/heads/*:refs/remotes/origin/*", "^refs/heads/attempts/*", "+refs/tags/*:refs/tags/*", $"+{commit}:refs/stack/base"],
                access,
                cancellationToken);
            await workspace.GitAsync(["checkout", "--quiet", "-B", ShortName(reference.Branch), commit], cancellationToken);
        }

        return workspace;
    }

    /// <summary>Pushes what is checked out to the attempt's branch.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The commit, or null when nothing was committed.</returns>
    /// <exception cref="Runtime.AgentFailure">It failed.</exception>
    internal async Task<string?> PushAsync(CancellationToken cancellationToken)
    {
        var head = await HeadAsync(cancellationToken);
        if (head is null || head == BaseCommit)
        {
            return null;
        }

        // The same attempt number may have been given out before, to an agent that died after its push.
        var branch = RefsHeads + ShortName(Reference.AttemptBranch);
        await _git.RequireAsync(Directory, ["push", "--quiet", "--force", _access.Remote, $"{head}:{branch}"], _access, cancellationToken);
        return head;
    }

    /// <summary>Checks out a commit that an earlier attempt pushed, on the workflow's branch. What is not committed is thrown away, also repositories inside the workspace.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="Runtime.AgentFailure">It is not there.</exception>
    internal async Task RestoreAsync(string commit, CancellationToken cancellationToken)
    {
        if (!await HasAsync(commit, cancellationToken))
        {
            await _git.RequireAsync(Directory, ["fetch", "--quiet", "--no-auto-gc", _access.Remote, $"+{commit}:refs/stack/checkpoint"], _access, cancellationToken);
        }

        await GitAsync(["checkout", "--quiet", "--force", "-B", ShortName(Reference.Branch), commit], cancellationToken);
        await GitAsync(["clean", "--quiet", "-d", "--force", "--force"], cancellationToken);
    }

    /// <summary>Whether a commit is in the clone.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task<bool> HasAsync(string commit, CancellationToken cancellationToken) =>
        (await TryGitAsync(["cat-file", "-e", $"{commit}^{{commit}}"], cancellationToken)).Succeeded;

    private static GitAccess AccessTo(WorkspaceReference reference, Uri orchestrator, string? token) =>
        reference.Path is { } path && System.IO.Directory.Exists(path)
            ? new GitAccess(path, Token: null)
            : new GitAccess(new Uri(orchestrator, reference.Url).AbsoluteUri, token);

    private static string ShortName(string branch) => branch.StartsWith(RefsHeads, StringComparison.Ordinal) ? branch[RefsHeads.Length..] : branch;
}
