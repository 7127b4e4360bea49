using System.Diagnostics;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>What a command of docker or podman said.</summary>
internal sealed record EngineAnswer(int ExitCode, string Output, string Errors)
{
    internal bool IsSuccess => ExitCode == 0;

    /// <summary>What it said last, for a message.</summary>
    internal string LastWords => Errors.Trim().Split('\n')[^1] is { Length: > 0 } last ? last : Output.Trim().Split('\n')[^1];
}

/// <summary>Docker or podman, called by its command line, which is the same for both.</summary>
/// <param name="program">Which one.</param>
/// <param name="settings">Variables that it is called with beside those of this process; null for none.</param>
internal sealed class ContainerEngine(string program, IReadOnlyDictionary<string, string>? settings = null)
{
    private static readonly string[] Candidates = ["docker", "podman"];

    /// <summary>The program: docker or podman.</summary>
    internal string Program => program;

    /// <summary>The engine that answers: the configured one (<c>ASPIRE_CONTAINER_RUNTIME</c>), or the first of docker and podman.</summary>
    internal static async Task<ContainerEngine> FindAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        var asked = configuration["ASPIRE_CONTAINER_RUNTIME"] ?? configuration["DOTNET_ASPIRE_CONTAINER_RUNTIME"];
        var refusals = new List<string>();
        foreach (var candidate in asked is null ? Candidates : [asked])
        {
            var engine = new ContainerEngine(candidate);
            var answer = await engine.TryAsync(["info"], environment: null, cancellationToken);
            if (answer is { IsSuccess: true })
            {
                return engine;
            }
            refusals.Add($"{candidate}: {(answer is null ? "not on the PATH" : answer.LastWords)}");
        }
        throw new DistributedApplicationException(
            $"No container runtime answers ({string.Join("; ", refusals)}). Install docker or podman and start it; ASPIRE_CONTAINER_RUNTIME=docker|podman says which one to use.");
    }

    /// <summary>Runs a command to its end; throws with what it said when it fails.</summary>
    internal Task<string> RunAsync(IEnumerable<string> arguments, CancellationToken cancellationToken) => RunAsync(arguments, environment: null, cancellationToken);

    /// <summary>Runs a command, with variables of its own, to its end; throws with what it said when it fails.</summary>
    internal async Task<string> RunAsync(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment, CancellationToken cancellationToken)
    {
        var all = arguments.ToList();
        var answer = await TryAsync(all, environment, cancellationToken) ?? throw Gone();
        return answer.IsSuccess ? answer.Output.Trim() : throw new DistributedApplicationException($"'{program} {all[0]}{(all.Count > 1 ? $" {all[^1]}" : "")}' failed: {answer.LastWords}");
    }

    /// <summary>Runs a command to its end.</summary>
    internal async Task<EngineAnswer> AskAsync(IEnumerable<string> arguments, CancellationToken cancellationToken) => await TryAsync(arguments, environment: null, cancellationToken) ?? throw Gone();

    /// <summary>Ends containers, with ten seconds for a goodbye, and removes them; those that are not there are no failure.</summary>
    /// <returns>What the removal said.</returns>
    internal async Task<EngineAnswer> RemoveAsync(IReadOnlyList<string> containers, CancellationToken cancellationToken)
    {
        // In two steps: docker's removal knows no time.
        await AskAsync(["stop", "-t", "10", .. containers], cancellationToken);
        return await AskAsync(["rm", "--force", .. containers], cancellationToken);
    }

    private DistributedApplicationException Gone() => new($"{program} is not on the PATH any more.");

    private async Task<EngineAnswer?> TryAsync(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsWindows() && ProgramSearch.OfThisMachine().Locate(program, Environment.CurrentDirectory) is null)
        {
            return null;
        }
        var start = SessionLauncher.StartOf(program);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        foreach (var (name, value) in (settings ?? new Dictionary<string, string>()).Concat(environment ?? new Dictionary<string, string>()))
        {
            start.Environment[name] = value;
        }
        // Podman leaves health checks to systemd and refuses to start a container that has one where there is none.
        if (program == "podman" && !Directory.Exists("/run/systemd/system"))
        {
            start.Environment["DISABLE_HC_SYSTEMD"] = "true";
        }
        Process? process;
        try
        {
            process = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
        using (process)
        {
            process!.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            try
            {
                await process.WaitForExitAsync(cancellationToken);
                return new EngineAnswer(process.ExitCode, await output, await errors);
            }
            catch (OperationCanceledException) when (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }
        }
    }
}
