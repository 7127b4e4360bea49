using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Finds the container runtime of this machine: docker or podman, whichever answers within the deadline; docker when both do. The configuration key
/// <c>ASPIRE_CONTAINER_RUNTIME</c> names one, and then only that is asked. They are asked once.
/// </summary>
internal sealed class ContainerRuntimes(ProgramSearch search, IConfiguration configuration)
{
    internal const string Key = "ASPIRE_CONTAINER_RUNTIME";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);
    private static readonly string[] Known = ["docker", "podman"];

    private readonly Lock gate = new();
    private Task<(ContainerRuntime? Runtime, string Reason)>? asked;

    /// <summary>The runtime, or why there is none.</summary>
    internal Task<(ContainerRuntime? Runtime, string Reason)> FindAsync()
    {
        lock (gate)
        {
            return asked ??= Task.Run(AskAllAsync);
        }
    }

    /// <summary>What to do so that there is one.</summary>
    internal static string Remedy => "Start Docker, or install podman (apt-get install podman); 'docker info' or 'podman info' then says its version.";

    private async Task<(ContainerRuntime? Runtime, string Reason)> AskAllAsync()
    {
        var wanted = configuration[Key] ?? configuration["DOTNET_ASPIRE_CONTAINER_RUNTIME"];
        if (wanted is not null && !Known.Contains(wanted))
        {
            throw new DistributedApplicationException($"{Key} is '{wanted}', and it must be docker or podman.");
        }
        var answers = await Task.WhenAll((wanted is null ? Known : [wanted]).Select(AskAsync));
        return Array.Find(answers, answer => answer.Runtime is not null) is { Runtime: not null } found
            ? found
            : (null, string.Join(", ", answers.Select(answer => answer.Reason)));
    }

    private async Task<(ContainerRuntime? Runtime, string Reason)> AskAsync(string name)
    {
        if (search.Find(name, "usr/bin", "usr/local/bin", "opt/homebrew/bin", "opt/podman/bin") is not { } program)
        {
            return (null, $"{name} is not installed");
        }
        string[] question = name == "docker" ? ["info", "--format", "{{.ServerVersion}}"] : ["info", "--format", "{{.Version.Version}}"];
        var answer = await ContainerRuntime.RunAsync(program, question, [], input: null, onLine: null, Patience, CancellationToken.None);
        // docker says what is wrong and still ends well when nobody serves it.
        return answer.IsSuccess && answer.Lines is [var version, ..] && char.IsAsciiDigit(version[0])
            ? (new ContainerRuntime(name, program, version), $"{name} {version}")
            : (null, $"{name} does not work: {answer.Reason}");
    }
}
