using Stack.Contracts;

namespace Stack.Agents.Deployment;

/// <summary>Where deployments are on this machine: <c>name/release</c> for programs, <c>name/data</c> for what they keep.</summary>
/// <param name="Directory">The folder, absolute.</param>
/// <param name="Host">The machine's name.</param>
internal sealed record DeploymentRoot(string Directory, string Host)
{
    private const int KeptReleases = 3;

    /// <summary>Whether a deployment is this machine's and under this folder.</summary>
    /// <param name="deployment">The deployment.</param>
    public bool Owns(DeploymentResource deployment) =>
        deployment.Host == Host && Path.GetFullPath(deployment.Directory).StartsWith(Directory + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>The folder of a release.</summary>
    /// <param name="name">The deployment.</param>
    /// <param name="release">The release.</param>
    public string ReleaseDirectory(string name, string release) => Path.Combine(Directory, name, release);

    /// <summary>The folder where a deployment keeps what shall outlive a release; made when missing.</summary>
    /// <param name="name">The deployment.</param>
    public string StateDirectory(string name) => System.IO.Directory.CreateDirectory(Path.Combine(Directory, name, "data")).FullName;

    /// <summary>Removes old releases of a deployment; the newest ones stay.</summary>
    /// <param name="name">The deployment.</param>
    /// <param name="current">The folder that stays in any case.</param>
    public void Prune(string name, string current)
    {
        var old = new DirectoryInfo(Path.Combine(Directory, name)).EnumerateDirectories()
            .Where(folder => folder.Name is not "data" && folder.FullName != current)
            .OrderByDescending(folder => folder.LastWriteTimeUtc)
            .Skip(KeptReleases - 1);
        foreach (var folder in old)
        {
            Folders.Remove(folder.FullName);
        }
    }
}
