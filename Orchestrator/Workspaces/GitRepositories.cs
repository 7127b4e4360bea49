using System.Text;
using Stack.Contracts;

namespace Stack.Orchestrator.Workspaces;

/// <summary>Where the bare repositories are, and how one is made.</summary>
/// <param name="directory">The folder that orchestrators on one store share.</param>
internal sealed class GitRepositories(string directory)
{
    // Holds for agents that push by path too: durable, no clean-up behind our back, attempts hidden from a plain clone.
    private const string Configuration =
        """
        [core]
        	repositoryformatversion = 0
        	filemode = true
        	bare = true
        	fsync = committed,loose-object,reference
        	fsyncMethod = batch
        [gc]
        	auto = 0
        [receive]
        	fsckObjects = true
        	denyDeletes = true
        	autogc = false
        [transfer]
        	hideRefs = refs/stack
        [uploadpack]
        	hideRefs = refs/heads/attempts
        	allowAnySHA1InWant = true

        """;

    private readonly string _root = Path.Combine(directory, "workspaces");

    /// <summary>The folder of a workflow's repository. It need not be there.</summary>
    /// <param name="id">The workflow.</param>
    public string PathOf(WorkflowId id)
    {
        var text = id.ToString();
        // The first digits of the id are its time; the last ones spread the folders.
        return Path.Combine(_root, text[^2..], text + ".git");
    }

    /// <summary>The file that a workflow's repository is made of, in place of what its input says. It need not be there.</summary>
    /// <param name="id">The workflow.</param>
    public string BundleOf(WorkflowId id) => Path.ChangeExtension(PathOf(id), ".bundle");

    /// <summary>Whether a workflow has a repository.</summary>
    /// <param name="id">The workflow.</param>
    public bool Exists(WorkflowId id) => File.Exists(Path.Combine(PathOf(id), "HEAD"));

    /// <summary>Makes an empty repository. Idempotent. HEAD is the work branch, so that a plain clone shows what counted.</summary>
    /// <param name="id">The workflow.</param>
    /// <returns>Its folder.</returns>
    public string Create(WorkflowId id)
    {
        var path = PathOf(id);
        if (Exists(id))
        {
            return path;
        }

        Directory.CreateDirectory(Path.Combine(path, "objects", "info"));
        Directory.CreateDirectory(Path.Combine(path, "objects", "pack"));
        Directory.CreateDirectory(Path.Combine(path, "refs", "heads"));
        Directory.CreateDirectory(Path.Combine(path, "refs", "tags"));
        WriteDurably(Path.Combine(path, "config"), Configuration);
        // Last, since it is what makes the folder a repository.
        WriteDurably(Path.Combine(path, "HEAD"), $"ref: {GitReferences.Work}\n");
        return path;
    }

    /// <summary>Removes a repository. Idempotent.</summary>
    /// <param name="id">The workflow.</param>
    public void Remove(WorkflowId id)
    {
        var path = PathOf(id);
        if (File.Exists(BundleOf(id)))
        {
            File.Delete(BundleOf(id));
        }

        for (var tries = 1; Directory.Exists(path); tries++)
        {
            try
            {
                RemoveFolder(path);
            }
            catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException && tries < 100)
            {
                // Another orchestrator removes it at the same time: what it left is looked at anew.
            }
        }
    }

    private static void RemoveFolder(string path)
    {
        File.Delete(Path.Combine(path, "HEAD"));
        foreach (var file in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories))
        {
            // Git makes its objects read-only, which some systems take as a reason to keep them.
            File.SetAttributes(file, FileAttributes.Normal);
        }

        Directory.Delete(path, recursive: true);
    }

    private static void WriteDurably(string path, string text)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }
}
