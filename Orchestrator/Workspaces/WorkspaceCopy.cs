using Stack.Contracts;

namespace Stack.Orchestrator.Workspaces;

/// <summary>Takes commits over from the repository of one workflow into that of another, and compares what is in them.</summary>
internal sealed class WorkspaceCopy(GitCommand git, GitRepositories repositories)
{
    private const string OwnFolder = ".stack/";

    /// <summary>Makes the repository of a workflow that is not there yet, with commits of another one and all that they stand on.</summary>
    /// <param name="from">Where they are.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="commits">The commits.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>False: the other repository does not have them any more; there is no new one.</returns>
    public async Task<bool> CopyAsync(WorkflowId from, WorkflowId to, IReadOnlyCollection<string> commits, CancellationToken cancellationToken)
    {
        if (!repositories.Exists(from))
        {
            return false;
        }

        var path = repositories.Create(to);
        var wanted = commits.Distinct(StringComparer.Ordinal).Select(commit => $"+{commit}:refs/stack/taken/{commit}");
        var fetch = await git.RunAsync(
            path, ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--end-of-options", repositories.PathOf(from), .. wanted], cancellationToken);
        if (fetch.ExitCode == 0)
        {
            return true;
        }

        repositories.Remove(to);
        return false;
    }

    /// <summary>The commit that a workflow began with and all that it stands on, as a git bundle.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Null: it has no repository.</returns>
    public async Task<byte[]?> BundleAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        if (!repositories.Exists(id))
        {
            return null;
        }

        var bundle = await git.RunAsync(repositories.PathOf(id), ["bundle", "create", "--quiet", "-", GitReferences.Base], cancellationToken);
        return bundle.ExitCode == 0 ? bundle.Output : null;
    }

    /// <summary>Has a workflow begin with a bundle, whatever its input says. Before it is submitted.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="bundle">The bundle.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task BeginWithAsync(WorkflowId id, byte[] bundle, CancellationToken cancellationToken)
    {
        var path = repositories.BundleOf(id);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, bundle, cancellationToken);
    }

    /// <summary>Removes the repository of a workflow that was not submitted after all.</summary>
    public void Forget(WorkflowId id) => repositories.Remove(id);

    /// <summary>The files of a commit without our own: git's hash of each content by path. Null: there is no such commit.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyDictionary<string, string>?> FilesAsync(WorkflowId id, string commit, CancellationToken cancellationToken)
    {
        if (!repositories.Exists(id))
        {
            return null;
        }

        var list = await git.RunAsync(repositories.PathOf(id), ["ls-tree", "-r", "-z", "--full-tree", commit], cancellationToken);
        if (list.ExitCode != 0)
        {
            return null;
        }

        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in System.Text.Encoding.UTF8.GetString(list.Output).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            // mode SP type SP hash TAB path
            var tab = line.IndexOf('\t', StringComparison.Ordinal);
            if (line[(tab + 1)..] is var file && !file.StartsWith(OwnFolder, StringComparison.Ordinal))
            {
                files[file] = line[..tab].Split(' ')[2];
            }
        }

        return files;
    }
}
