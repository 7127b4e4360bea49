namespace Stack.Orchestrator.Hosting;

/// <summary>The orchestrator's own settings. Section <c>Stack</c>.</summary>
internal sealed class OrchestratorOptions
{
    internal const string Section = "Stack";

    /// <summary>The folder of everything that the orchestrator keeps for itself: the embedded database, its name among others, and without a shared folder what belongs there. For one process at a time.</summary>
    /// <value>The default is <c>.stack/orchestrator</c> under the working directory.</value>
    public string DataDirectory { get; set; } = Path.Combine(".stack", "orchestrator");

    /// <summary>The folder of what orchestrators that work on one store share: repositories, the secret of agents' tokens, the known agent types. The same for all of them.</summary>
    /// <value>The default is the data directory, which is right for one that is alone.</value>
    public string SharedDirectory { get; set; } = "";

    /// <summary>Largest body of a request under <c>/api</c> in bytes, the agents' results and steps not counted.</summary>
    /// <value>The default is 1 MiB.</value>
    public long MaxBodyBytes { get; set; } = 1024 * 1024;

    /// <summary>Whether every address that is listened on is a loopback one. Not a setting: derived from the addresses.</summary>
    internal bool LoopbackOnly { get; set; } = true;

    internal void Read(IConfiguration configuration)
    {
        configuration.GetSection(Section).Bind(this);
        DataDirectory = Path.GetFullPath(DataDirectory);
        SharedDirectory = SharedDirectory.Length > 0 ? Path.GetFullPath(SharedDirectory) : DataDirectory;
        LoopbackOnly = ListenAddresses.Of(configuration).All(ListenAddresses.IsLoopback);
    }

    internal static IEnumerable<string> Refusals(OrchestratorOptions options)
    {
        if (options.MaxBodyBytes is < 1024 or > 1024L * 1024 * 1024)
        {
            yield return $"{Section}:MaxBodyBytes is {options.MaxBodyBytes}; give 1024 to 1073741824.";
        }
    }
}
