using System.Globalization;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Tools;

/// <summary>
/// Runs git so that neither the user's nor the machine's settings, nor hooks, nor what a build wrote into a clone's settings changes what it does.
/// A token for the orchestrator goes through the environment of that one command, bound to the orchestrator's address: never to a command line or a file.
/// </summary>
/// <param name="processes">Runs it.</param>
/// <param name="agentType">The agent type that signs commits.</param>
internal sealed class GitTool(ProcessTool processes, string agentType)
{
    /// <summary>Runs git. A failing command is a result.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="access">What opens a remote repository. Null: the command needs none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<ProcessResult> RunAsync(string directory, IReadOnlyList<string> arguments, GitAccess? access, CancellationToken cancellationToken) =>
        processes.RunAsync(
            new ProcessRequest
            {
                Program = "git",
                Arguments = arguments,
                Directory = directory,
                Environment = EnvironmentFor(access),
                SeparateError = true,
                Timeout = TimeSpan.FromMinutes(5),
                OutputLimit = 4 * 1024 * 1024,
            },
            cancellationToken);

    /// <summary>Runs git and returns what it wrote, without the last line end.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="access">What opens a remote repository. Null: the command needs none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="AgentFailure">It failed; classified as infrastructure when a remote repository was involved.</exception>
    public async Task<string> RequireAsync(string directory, IReadOnlyList<string> arguments, GitAccess? access, CancellationToken cancellationToken)
    {
        var result = await RunAsync(directory, arguments, access, cancellationToken);
        return result.Succeeded ? result.Output.TrimEnd('\n') : throw Failure(arguments[0], result, access);
    }

    private static AgentFailure Failure(string command, ProcessResult result, GitAccess? access) => new(new StructuredError
    {
        Code = "git_failed",
        Message = $"git {command} failed with exit code {result.ExitCode}{(access is null ? "" : $" on {access.Remote}")}: {FirstLine(result)}",
        Category = access is null ? ErrorCategory.Execution : ErrorCategory.Dependency,
        Class = access is null ? FailureClass.Unproductive : FailureClass.Infrastructure,
        Retryable = true,
        Details = result.Tail(),
    });

    private static string FirstLine(ProcessResult result)
    {
        var lines = (result.Error.Length > 0 ? result.Error : result.Output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.FirstOrDefault(line => line.StartsWith("fatal:", StringComparison.Ordinal) || line.StartsWith("error:", StringComparison.Ordinal))
            ?? lines.FirstOrDefault() ?? "no output";
    }

    private Dictionary<string, string?> EnvironmentFor(GitAccess? access)
    {
        var name = $"Stack {agentType} agent";
        var email = $"{agentType}@agents.stack.invalid";
        var variables = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["GIT_CONFIG_GLOBAL"] = "/dev/null",
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["GIT_OPTIONAL_LOCKS"] = "0",
            ["GIT_EDITOR"] = "true",
            ["GIT_PAGER"] = "cat",
            ["GIT_AUTHOR_NAME"] = name,
            ["GIT_AUTHOR_EMAIL"] = email,
            ["GIT_COMMITTER_NAME"] = name,
            ["GIT_COMMITTER_EMAIL"] = email,
        };
        var settings = Settings(access).ToArray();
        variables["GIT_CONFIG_COUNT"] = settings.Length.ToString(CultureInfo.InvariantCulture);
        for (var i = 0; i < settings.Length; i++)
        {
            variables[string.Create(CultureInfo.InvariantCulture, $"GIT_CONFIG_KEY_{i}")] = settings[i].Key;
            variables[string.Create(CultureInfo.InvariantCulture, $"GIT_CONFIG_VALUE_{i}")] = settings[i].Value;
        }

        return variables;
    }

    // Settings given by environment win over those in a clone, which a build may have written.
    private static IEnumerable<(string Key, string Value)> Settings(GitAccess? access)
    {
        yield return ("core.hooksPath", "/dev/null");
        yield return ("core.fsmonitor", "false");
        yield return ("core.autocrlf", "false");
        yield return ("core.quotePath", "false");
        yield return ("credential.helper", "");
        yield return ("commit.gpgSign", "false");
        yield return ("tag.gpgSign", "false");
        yield return ("gc.auto", "0");
        yield return ("init.defaultBranch", "main");
        yield return ("safe.directory", "*");
        if (access?.Token is { } token)
        {
            yield return ("http.proxy", "");
            yield return ($"http.{access.Remote}.extraHeader", $"Authorization: Bearer {token}");
        }
    }
}

/// <summary>A remote repository and what opens it.</summary>
/// <param name="Remote">Its URL or path.</param>
/// <param name="Token">The bearer token. Null: none is needed.</param>
internal sealed record GitAccess(string Remote, string? Token);
