using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Node;

/// <summary>Runs npm and what a project installed with it.</summary>
/// <param name="processes">Runs it.</param>
/// <param name="project">The project.</param>
internal sealed class NodeTool(ProcessTool processes, NodeWorkspace project)
{
    /// <summary>The project.</summary>
    public NodeWorkspace Project { get; } = project;

    /// <summary>Installs the packages that the project needs; nothing happens when it needs none.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="AgentFailure">npm could not, for example because its registry cannot be reached.</exception>
    public async Task InstallAsync(CancellationToken cancellationToken)
    {
        if (!Project.HasDependencies)
        {
            return;
        }

        var command = Project.HasLock ? "ci" : "install";
        var result = await RunAsync("npm", [command, "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts", .. Project.HasLock ? (string[])[] : ["--no-package-lock"]], logLines: true, cancellationToken);
        if (!result.Succeeded)
        {
            throw new AgentFailure(new StructuredError
            {
                Code = "npm_install_failed",
                Message = $"npm {command} failed with exit code {result.ExitCode}: {FirstError(result)}",
                Category = ErrorCategory.Dependency,
                Class = FailureClass.Unproductive,
                Retryable = true,
                SuggestedAction = "Make the npm registry reachable from the agent's machine (npm_config_registry), or fill npm's cache; check that package-lock.json fits package.json.",
                Details = result.Tail(),
            });
        }
    }

    /// <summary>Runs a program in the project's folder.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="logLines">Whether its lines go to the attempt's log.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<ProcessResult> RunAsync(string program, IReadOnlyList<string> arguments, bool logLines, CancellationToken cancellationToken) =>
        processes.RunAsync(new ProcessRequest { Program = program, Arguments = arguments, Directory = Project.Root, LogLines = logLines, OutputLimit = 4 * 1024 * 1024, SeparateError = true }, cancellationToken);

    private static string FirstError(ProcessResult result) =>
        (result.Error + "\n" + result.Output).Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0 && !line.StartsWith("npm warn", StringComparison.OrdinalIgnoreCase)) ?? "no output";
}
