using System.Text;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Workspaces;

/// <summary>
/// The workspaces of workflows as bare git repositories in the shared directory. The branch <c>work</c> holds what counted; attempts push branches of their own;
/// <c>main</c> and tags move when a result that asks for it counts.
/// </summary>
internal sealed partial class GitWorkspaces(GitCommand git, GitRepositories repositories, bool offersPaths, TimeProvider time, ILogger<GitWorkspaces> logger) : IWorkspaces
{
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(50);
    private readonly AsyncGate[] _locks = [.. Enumerable.Range(0, 64).Select(_ => new AsyncGate())];

    public WorkspaceReference Describe(TaskId taskId, string? baseCommit) => new()
    {
        Url = $"/git/{taskId.WorkflowId}.git",
        Path = offersPaths ? repositories.PathOf(taskId.WorkflowId) : null,
        Branch = GitReferences.WorkBranch,
        BaseCommit = baseCommit,
        AttemptBranch = GitReferences.AttemptBranch(taskId),
    };

    public async Task<IntegrationOutcome> IntegrateAsync(TaskId taskId, string? head, WorkspaceChange change, CancellationToken cancellationToken)
    {
        var commit = change.Commit;
        if (!GitReferences.IsCommit(commit) || !repositories.Exists(taskId.WorkflowId))
        {
            return new IntegrationOutcome.Missing(commit);
        }

        var path = repositories.PathOf(taskId.WorkflowId);
        if (head is null || head == commit)
        {
            return await HasCommitAsync(path, commit, cancellationToken) ? new IntegrationOutcome.Integrated(commit) : new IntegrationOutcome.Missing(commit);
        }

        var ancestry = await IsAncestorAsync(path, head, commit, cancellationToken);
        if (ancestry is true)
        {
            return new IntegrationOutcome.Integrated(commit);
        }

        if (ancestry is null && !await HasCommitAsync(path, commit, cancellationToken))
        {
            return new IntegrationOutcome.Missing(commit);
        }

        return await IsAncestorAsync(path, commit, head, cancellationToken) is true
            ? new IntegrationOutcome.Integrated(head)
            : await MergeAsync(taskId, path, head, commit, cancellationToken);
    }

    public async Task AdvanceAsync(WorkflowId workflowId, string head, IReadOnlyList<ReferenceUpdate> references, CancellationToken cancellationToken)
    {
        if (!repositories.Exists(workflowId))
        {
            return;
        }

        var path = repositories.PathOf(workflowId);
        var gate = _locks[(uint)workflowId.GetHashCode() % _locks.Length];
        using (await gate.EnterAsync(cancellationToken))
        {
            var current = await ReadReferencesAsync(path, cancellationToken);
            var script = new StringBuilder();
            await AppendWorkAsync(script, workflowId, path, current.GetValueOrDefault(GitReferences.Work), head, cancellationToken);
            foreach (var reference in references.DistinctBy(reference => reference.Name))
            {
                await AppendAsync(script, workflowId, path, current.GetValueOrDefault(reference.Name), reference, cancellationToken);
            }

            if (script.Length > 0)
            {
                await MoveAsync(path, script.ToString(), cancellationToken);
            }
        }
    }

    public Task RemoveAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken)
    {
        foreach (var id in ids)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                repositories.Remove(id);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                LogNotRemoved(id, repositories.PathOf(id), exception.Message);
            }
        }

        return Task.CompletedTask;
    }

    private async Task<IntegrationOutcome> MergeAsync(TaskId taskId, string path, string head, string commit, CancellationToken cancellationToken)
    {
        var merge = await git.RunAsync(path, ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", head, commit], cancellationToken);
        var parts = Encoding.UTF8.GetString(merge.Output).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        if (merge.ExitCode == 1)
        {
            return new IntegrationOutcome.Conflicting([.. parts.Skip(1).Distinct(StringComparer.Ordinal)]);
        }

        if (merge.ExitCode != 0 && merge.Error.Contains("unrelated histories", StringComparison.Ordinal))
        {
            // The attempt threw the history away and began another one: every file is in conflict.
            return new IntegrationOutcome.Conflicting(["."]);
        }

        merge.OrThrow("merge the attempt with the work branch");
        string[] arguments = ["commit-tree", parts[0], "-p", head, "-p", commit, "-m", $"Merge {taskId.Stage}, attempt {taskId.Attempt}"];
        return new IntegrationOutcome.Integrated((await git.RunAsync(path, arguments, cancellationToken)).OrThrow("write the merge").Text);
    }

    private async Task MoveAsync(string path, string script, CancellationToken cancellationToken)
    {
        var locks = script.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[1]).Append("packed-refs").Select(name => Path.Combine(path, name) + ".lock").ToList();
        while (true)
        {
            var update = await git.RunAsync(path, ["update-ref", "--stdin"], Encoding.UTF8.GetBytes(script), cancellationToken);
            if (update.ExitCode == 0 || !update.Error.Contains(".lock': File exists", StringComparison.Ordinal))
            {
                update.OrThrow("move the references of the workspace");
                return;
            }

            // Another orchestrator moves them at this moment. A lock that stays is what a process left that was killed in the middle of a move.
            await Task.Delay(LockPause, time, cancellationToken);
            foreach (var left in locks.Where(file => File.Exists(file) && time.GetUtcNow() - File.GetLastWriteTimeUtc(file) > LockPatience))
            {
                File.Delete(left);
            }
        }
    }

    private async Task AppendWorkAsync(StringBuilder script, WorkflowId workflowId, string path, string? current, string head, CancellationToken cancellationToken)
    {
        if (current == head || !GitReferences.IsCommit(head))
        {
            return;
        }

        if (current is null)
        {
            script.Append($"create {GitReferences.Work} {head}\n");
        }
        else if (await IsAncestorAsync(path, current, head, cancellationToken) is true)
        {
            script.Append($"update {GitReferences.Work} {head} {current}\n");
        }
        else if (await IsAncestorAsync(path, head, current, cancellationToken) is false)
        {
            // The workflow was retried from an earlier stage: what counts now is another line. The old one stays reachable.
            script.Append($"update refs/stack/superseded/{current} {current}\nupdate {GitReferences.Work} {head} {current}\n");
            LogSuperseded(workflowId, current, head);
        }
    }

    private async Task AppendAsync(StringBuilder script, WorkflowId workflowId, string path, string? current, ReferenceUpdate reference, CancellationToken cancellationToken)
    {
        if (!GitReferences.IsMovable(reference.Name) || !GitReferences.IsCommit(reference.Commit) || !await HasCommitAsync(path, reference.Commit, cancellationToken))
        {
            LogRefused(workflowId, reference.Name, reference.Commit);
        }
        else if (current is null)
        {
            script.Append($"create {reference.Name} {reference.Commit}\n");
        }
        else if (current != reference.Commit && reference.Name.StartsWith("refs/heads/", StringComparison.Ordinal) && await IsAncestorAsync(path, current, reference.Commit, cancellationToken) is true)
        {
            script.Append($"update {reference.Name} {reference.Commit} {current}\n");
        }
        else if (current != reference.Commit)
        {
            LogNotForward(workflowId, reference.Name, current, reference.Commit);
        }
    }

    private async Task<Dictionary<string, string>> ReadReferencesAsync(string path, CancellationToken cancellationToken)
    {
        var list = (await git.RunAsync(path, ["for-each-ref", "--format=%(objectname) %(refname)", GitReferences.Work, "refs/heads", "refs/tags", "refs/stack"], cancellationToken)).OrThrow("list the references");
        var references = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in list.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            references[line[(space + 1)..]] = line[..space];
        }

        return references;
    }

    private async Task<bool> HasCommitAsync(string path, string commit, CancellationToken cancellationToken) =>
        (await git.RunAsync(path, ["cat-file", "-e", commit + "^{commit}"], cancellationToken)).ExitCode == 0;

    /// <summary>Whether a commit is reachable from another one. Null: one of them is not there.</summary>
    private async Task<bool?> IsAncestorAsync(string path, string ancestor, string commit, CancellationToken cancellationToken) =>
        (await git.RunAsync(path, ["merge-base", "--is-ancestor", ancestor, commit], cancellationToken)).ExitCode switch
        {
            0 => true,
            1 => false,
            _ => null,
        };

    [LoggerMessage(Level = LogLevel.Information, Message = "Workflow {WorkflowId}: the work branch leaves {Previous} and continues at {Head}.")]
    private partial void LogSuperseded(WorkflowId workflowId, string previous, string head);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workflow {WorkflowId}: the reference {Reference} was not moved to {Commit}: the name is not allowed or the commit is not there.")]
    private partial void LogRefused(WorkflowId workflowId, string reference, string commit);

    [LoggerMessage(Level = LogLevel.Error, Message = "Workflow {WorkflowId} is pruned, but its repository could not be removed. Remove the folder {Folder}. {Reason}")]
    private partial void LogNotRemoved(WorkflowId workflowId, string folder, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workflow {WorkflowId}: the reference {Reference} stays at {Current}; {Commit} does not follow it.")]
    private partial void LogNotForward(WorkflowId workflowId, string reference, string current, string commit);
}
