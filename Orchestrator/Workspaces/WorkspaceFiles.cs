using System.Globalization;
using System.Text;
using Stack.Contracts;

namespace Stack.Orchestrator.Workspaces;

/// <summary>Reads what a workflow's repository holds.</summary>
internal sealed class WorkspaceFiles(GitCommand git, GitRepositories repositories)
{
    /// <summary>Git's name for a tree without files.</summary>
    public const string EmptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    private const int MaxEntries = 100_000;

    /// <summary>The commit that a revision names. Null: there is none, or no repository.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="revision">A branch, a tag or a hash.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<string?> ResolveAsync(WorkflowId id, string revision, CancellationToken cancellationToken)
    {
        if (!repositories.Exists(id) || !GitReferences.IsRevision(revision))
        {
            return null;
        }

        var found = await git.RunAsync(repositories.PathOf(id), ["rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"], cancellationToken);
        return found.ExitCode == 0 ? found.Text : null;
    }

    /// <summary>All files and folders of a commit, by path.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<FileTree> ListAsync(WorkflowId id, string commit, CancellationToken cancellationToken)
    {
        var list = (await git.RunAsync(repositories.PathOf(id), ["ls-tree", "-r", "-t", "-l", "-z", "--full-tree", commit], cancellationToken)).OrThrow("list the files");
        var entries = new List<FileEntry>();
        foreach (var line in Encoding.UTF8.GetString(list.Output).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            // mode SP type SP hash SP+ size TAB path
            var tab = line.IndexOf('\t', StringComparison.Ordinal);
            var fields = line[..tab].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var size = long.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : (long?)null;
            entries.Add(new FileEntry(line[(tab + 1)..], fields[1] == "tree" ? "directory" : "file", size));
            if (entries.Count == MaxEntries)
            {
                break;
            }
        }

        entries.Sort((left, right) => string.CompareOrdinal(left.Path, right.Path));
        return new FileTree(commit, entries);
    }

    /// <summary>Finds a file. Null: there is none at this path.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="path">The path.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<StoredFile?> FindAsync(WorkflowId id, string commit, string path, CancellationToken cancellationToken)
    {
        var found = (await git.RunAsync(repositories.PathOf(id), ["ls-tree", "-l", "-z", "--full-tree", commit, "--", path], cancellationToken)).OrThrow("find the file");
        var line = Encoding.UTF8.GetString(found.Output).TrimEnd('\0');
        if (line.Length == 0)
        {
            return null;
        }

        var fields = line[..line.IndexOf('\t', StringComparison.Ordinal)].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields[1] == "blob" ? new StoredFile(fields[2], long.Parse(fields[3], CultureInfo.InvariantCulture)) : null;
    }

    /// <summary>Writes the content of a file.</summary>
    public Task CopyFileAsync(WorkflowId id, StoredFile file, Stream target, CancellationToken cancellationToken) =>
        StreamAsync(id, ["cat-file", "blob", file.Hash], target, cancellationToken);

    /// <summary>The files that differ between two commits, with how many lines each: at most 200 of them. Null: the repository does not have both.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="from">The older one; null: nothing.</param>
    /// <param name="to">The newer one.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<string?> SummarizeDiffAsync(WorkflowId id, string? from, string to, CancellationToken cancellationToken)
    {
        if (!repositories.Exists(id))
        {
            return null;
        }

        var summary = await git.RunAsync(repositories.PathOf(id), ["diff-tree", "-r", "--no-color", "--no-ext-diff", "--find-renames", "--stat=160", "--stat-count=200", from ?? EmptyTree, to], cancellationToken);
        return summary.ExitCode == 0 ? summary.Text : null;
    }

    /// <summary>Writes the difference of two commits as a unified diff.</summary>
    public Task CopyDiffAsync(WorkflowId id, string from, string to, Stream target, CancellationToken cancellationToken) =>
        StreamAsync(id, ["diff-tree", "-r", "-p", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", from, to], target, cancellationToken);

    /// <summary>Writes an archive of a commit.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="format"><c>zip</c> or <c>tar.gz</c>.</param>
    /// <param name="folder">The folder that holds the files in the archive.</param>
    /// <param name="target">Where it goes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task CopyArchiveAsync(WorkflowId id, string commit, string format, string folder, Stream target, CancellationToken cancellationToken) =>
        StreamAsync(id, ["archive", "--format=" + format, $"--prefix={folder}/", commit], target, cancellationToken);

    private async Task StreamAsync(WorkflowId id, string[] arguments, Stream target, CancellationToken cancellationToken)
    {
        using var process = git.Start(repositories.PathOf(id), arguments);
        try
        {
            process.StandardInput.Close();
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.StandardOutput.BaseStream.CopyToAsync(target, cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"git could not {arguments[0]} (exit code {process.ExitCode}): {await error}");
            }
        }
        finally
        {
            GitCommand.End(process);
        }
    }
}

/// <summary>A file in a repository.</summary>
/// <param name="Hash">Git's name of its content.</param>
/// <param name="SizeBytes">Its size.</param>
internal sealed record StoredFile(string Hash, long SizeBytes);
