namespace Aspire.Hosting;

/// <summary>How an application is made.</summary>
public sealed class DistributedApplicationOptions
{
    /// <summary>The command line.</summary>
    /// <value>Default null: none.</value>
    public string[]? Args { get; set; }

    /// <summary>The assembly that describes the application.</summary>
    /// <value>Default null: the entry assembly.</value>
    public string? AssemblyName { get; set; }

    /// <summary>The folder of the project that describes the application.</summary>
    /// <value>Default null: what the build wrote into the assembly, or else the current folder.</value>
    public string? ProjectDirectory { get; set; }

    /// <summary>Whether to go without a dashboard; waits then give up when what they wait for ended.</summary>
    /// <value>Default false.</value>
    public bool DisableDashboard { get; set; }

    /// <summary>The name the dashboard shows.</summary>
    /// <value>Default null: the assembly's.</value>
    public string? DashboardApplicationName { get; set; }

    /// <summary>Whether the host's own logger writes the resources' lines too.</summary>
    /// <value>Default false.</value>
    public bool EnableResourceLogging { get; set; }

    /// <summary>Whether http is allowed where https is expected.</summary>
    /// <value>Default false.</value>
    public bool AllowUnsecuredTransport { get; set; }

    /// <summary>The registry images come from.</summary>
    /// <value>Default null: what each image says.</value>
    public string? ContainerRegistryOverride { get; set; }

    // Who runs it is a test: signals and the terminal belong to the test's runner.
    internal bool IsTest { get; set; }
}
