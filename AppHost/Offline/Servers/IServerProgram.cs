using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>A server that may be installed on this machine, and how it is run for a resource. A singleton, called for several resources at once.</summary>
internal interface IServerProgram
{
    /// <summary>What the server is called where packages are listed: postgresql, redis, rabbitmq or ollama.</summary>
    string Product { get; }

    /// <summary>The user it runs as when the host is root, if there is such a user; null means the host's own user.</summary>
    string? Account { get; }

    /// <summary>Whether services do well without it, so that it is embedded where processes were asked for and it is not installed.</summary>
    bool IsOptional { get; }

    /// <summary>Whether it is the server that the resource describes.</summary>
    bool Serves(IResource resource);

    /// <summary>Whether it is installed and can be run by this user; in words, which one, or what is missing.</summary>
    (bool IsPossible, string Reason) Assess();

    /// <summary>
    /// Makes its folder ready and says how it is started. Called before every start, after whatever was left of the last has ended. Throws
    /// <see cref="DistributedApplicationException"/> with cause and remedy.
    /// </summary>
    Task<LaunchCommand> PrepareAsync(ServerStart start, CancellationToken cancellationToken);
}
