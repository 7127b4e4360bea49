namespace Stack.Orchestrator.Workspaces;

/// <summary>How workspaces are made. Section <c>Stack:Workspaces</c>.</summary>
internal sealed class WorkspaceOptions
{
    internal const string Section = "Stack:Workspaces";

    /// <summary>Folders from which a workflow may take an existing repository (<c>input.repository</c>). Empty: none.</summary>
    /// <value>The default is the home directory and the working directory while the orchestrator listens on loopback only, and none otherwise.</value>
    public IReadOnlyList<string>? RepositoryRoots { get; set; }

    /// <summary>Whether a workflow may take an existing repository from an http or https URL.</summary>
    /// <value>The default is true.</value>
    public bool AllowRemoteRepositories { get; set; } = true;

    /// <summary>The largest push in MiB.</summary>
    /// <value>The default is 512.</value>
    public int MaxPushMegabytes { get; set; } = 512;

    /// <summary>How many repositories are initialized at once.</summary>
    /// <value>The default is 4.</value>
    public int InitializationConcurrency { get; set; } = 4;

    internal void Read(IConfiguration configuration, bool loopbackOnly)
    {
        configuration.GetSection(Section).Bind(this);
        RepositoryRoots ??= loopbackOnly ? [Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), Environment.CurrentDirectory] : [];
    }

    internal static IEnumerable<string> Refusals(WorkspaceOptions options)
    {
        if (options.MaxPushMegabytes is < 1 or > 1_000_000)
        {
            yield return $"{Section}:MaxPushMegabytes is {options.MaxPushMegabytes}; give 1 to 1000000.";
        }

        if (options.InitializationConcurrency is < 1 or > 64)
        {
            yield return $"{Section}:InitializationConcurrency is {options.InitializationConcurrency}; give 1 to 64.";
        }
    }
}
