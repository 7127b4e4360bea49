
namespace Stack.Agents.Dotnet;

/// <summary>Runs the .NET SDK on the projects of a workspace. Leaves no build servers behind: the environment forbids them, and what is left ends with the attempt.</summary>
/// <param name="processes">Runs it.</param>
/// <param name="workspace">The projects.</param>
internal sealed class DotnetTool(ProcessTool processes, DotnetWorkspace workspace)
{
    /// <summary>The projects.</summary>
    public DotnetWorkspace Projects { get; } = workspace;

    /// <summary>Restores and builds everything.</summary>
    /// <param name="warningsAsErrors">Whether a warning of the compiler or its analyzers fails the build.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<ProcessResult> BuildAsync(bool warningsAsErrors, CancellationToken cancellationToken) => RunAsync(
        ["build", Projects.Target, "--nologo", "-v", "quiet", "-clp:NoSummary", .. warningsAsErrors ? (string[])["-p:TreatWarningsAsErrors=true"] : []],
        logLines: true,
        cancellationToken);

    /// <summary>Says whether the code is formatted as the workspace's <c>.editorconfig</c> demands. Needs a restore.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<ProcessResult> CheckFormatAsync(CancellationToken cancellationToken) =>
        RunAsync(["format", Projects.Target, "--verify-no-changes", "--no-restore"], logLines: false, cancellationToken);

    /// <summary>Runs the tests.</summary>
    /// <param name="results">The folder for reports, absolute.</param>
    /// <param name="build">Whether to build first.</param>
    /// <param name="coverage">Whether to measure what the tests cover; the test projects need <c>coverlet.collector</c>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<ProcessResult> TestAsync(string results, bool build, bool coverage, CancellationToken cancellationToken)
    {
        List<string> arguments = ["test", Projects.Target, "--nologo", "-v", "quiet", "--logger", "trx", "--results-directory", results];
        if (!build)
        {
            arguments.Add("--no-build");
        }

        if (coverage)
        {
            var settings = Path.Combine(results, "coverage.runsettings");
            Directory.CreateDirectory(results);
            await File.WriteAllTextAsync(settings, CoverageSettings, cancellationToken);
            arguments.AddRange(["--settings", settings, "--collect", "XPlat Code Coverage"]);
        }

        return await RunAsync(arguments, logLines: true, cancellationToken);
    }

    /// <summary>Runs any command of the SDK at the root.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="logLines">Whether its lines go to the attempt's log.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<ProcessResult> RunAsync(IReadOnlyList<string> arguments, bool logLines, CancellationToken cancellationToken) => processes.RunAsync(
        new ProcessRequest { Program = "dotnet", Arguments = arguments, Directory = Projects.Root, OnLine = logLines ? Log : null, OutputLimit = 1024 * 1024 },
        cancellationToken);

    // The SDK writes many empty lines, which say nothing in a log.
    private void Log(string line)
    {
        if (!string.IsNullOrWhiteSpace(line))
        {
            processes.Log?.Invoke(line.Trim());
        }
    }

    // What a source generator wrote is not the author's to test.
    private const string CoverageSettings = """
        <?xml version="1.0" encoding="utf-8"?>
        <RunSettings>
          <DataCollectionRunSettings>
            <DataCollectors>
              <DataCollector friendlyName="XPlat Code Coverage">
                <Configuration>
                  <Format>cobertura</Format>
                  <ExcludeByAttribute>GeneratedCodeAttribute,ExcludeFromCodeCoverageAttribute</ExcludeByAttribute>
                  <ExcludeByFile>**/obj/**</ExcludeByFile>
                </Configuration>
              </DataCollector>
            </DataCollectors>
          </DataCollectionRunSettings>
        </RunSettings>
        """;
}
