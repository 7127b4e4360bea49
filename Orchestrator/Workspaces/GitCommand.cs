using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Stack.Orchestrator.Workspaces;

/// <summary>Runs the git executable with an environment and a configuration of our own, so that nothing on the machine changes what it does.</summary>
/// <param name="home">A folder that stands for the home directory; git finds no configuration there.</param>
internal sealed class GitCommand(string home)
{
    private const int MaxCapturedBytes = 64 * 1024 * 1024;

    // Protected settings: they hold for our own commands whatever a repository says.
    private static readonly string[] Settings =
    [
        "-c", "safe.directory=*", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
        "-c", "core.fsync=committed,loose-object,reference", "-c", "core.fsyncMethod=batch", "-c", "core.quotePath=false", "-c", "advice.detachedHead=false",
    ];

    private static readonly string[] PassedVariables =
        ["PATH", "TMPDIR", "TEMP", "TMP", "SystemRoot", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"];

    /// <summary>Runs a command to its end and captures what it writes.</summary>
    /// <param name="repository">The bare repository. Null: the command names one itself, or needs none.</param>
    /// <param name="arguments">The command and its arguments.</param>
    /// <param name="cancellationToken">Ends the process.</param>
    public Task<GitResult> RunAsync(string? repository, IReadOnlyList<string> arguments, CancellationToken cancellationToken) => RunAsync(repository, arguments, default, cancellationToken);

    /// <summary>Runs a command to its end, gives it something to read, and captures what it writes.</summary>
    /// <param name="repository">The bare repository. Null: the command names one itself, or needs none.</param>
    /// <param name="arguments">The command and its arguments.</param>
    /// <param name="input">What it reads.</param>
    /// <param name="cancellationToken">Ends the process.</param>
    public async Task<GitResult> RunAsync(string? repository, IReadOnlyList<string> arguments, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        using var process = Start(repository, arguments);
        try
        {
            var output = ReadAllAsync(process.StandardOutput.BaseStream, cancellationToken);
            var error = ReadAllAsync(process.StandardError.BaseStream, cancellationToken);
            await WriteInputAsync(process, input, cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new GitResult(process.ExitCode, await output, Encoding.UTF8.GetString(await error).Trim());
        }
        finally
        {
            End(process);
        }
    }

    /// <summary>Starts a command whose streams the caller pumps. The caller disposes the process.</summary>
    /// <param name="repository">The bare repository, or null.</param>
    /// <param name="arguments">The command and its arguments.</param>
    /// <param name="variables">More environment variables.</param>
    public Process Start(string? repository, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? variables = null)
    {
        var start = new ProcessStartInfo("git")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = home,
        };
        foreach (var setting in Settings)
        {
            start.ArgumentList.Add(setting);
        }

        if (repository is not null)
        {
            start.ArgumentList.Add("--git-dir=" + repository);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        SetEnvironment(start.Environment, variables);
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception notFound)
        {
            throw new GitMissingException("The git executable cannot be started: " + notFound.Message + ". Install git 2.38 or newer and put it on the PATH.", notFound);
        }
    }

    /// <summary>Ends a process that is still there, with its children.</summary>
    /// <param name="process">The process.</param>
    public static void End(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private void SetEnvironment(IDictionary<string, string?> environment, IReadOnlyDictionary<string, string>? variables)
    {
        environment.Clear();
        foreach (var name in PassedVariables)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
            {
                environment[name] = value;
            }
        }

        environment["HOME"] = home;
        environment["LC_ALL"] = "C.UTF-8";
        environment["GIT_CONFIG_NOSYSTEM"] = "1";
        environment["GIT_CONFIG_GLOBAL"] = OperatingSystem.IsWindows() ? "NUL" : "/dev/null";
        environment["GIT_TERMINAL_PROMPT"] = "0";
        environment["GIT_LITERAL_PATHSPECS"] = "1";
        environment["GIT_ALLOW_PROTOCOL"] = "file:http:https";
        environment["GIT_AUTHOR_NAME"] = environment["GIT_COMMITTER_NAME"] = "Stack";
        environment["GIT_AUTHOR_EMAIL"] = environment["GIT_COMMITTER_EMAIL"] = "stack@localhost";
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
        {
            environment[name] = value;
        }
    }

    private static async Task WriteInputAsync(Process process, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input, cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The command ended without reading all of it; its exit code says why.
        }
    }

    private static async Task<byte[]> ReadAllAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var memory = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (memory.Length + read > MaxCapturedBytes)
            {
                throw new InvalidOperationException($"git wrote more than {MaxCapturedBytes >> 20} MiB where a short answer was expected.");
            }

            memory.Write(buffer, 0, read);
        }

        return memory.ToArray();
    }
}

/// <summary>How a git command ended.</summary>
/// <param name="ExitCode">Zero: it succeeded.</param>
/// <param name="Output">What it wrote.</param>
/// <param name="Error">What it complained of.</param>
internal sealed record GitResult(int ExitCode, byte[] Output, string Error)
{
    /// <summary>The output as text without the last line break.</summary>
    public string Text => Encoding.UTF8.GetString(Output).TrimEnd('\n');

    /// <summary>This result when the command succeeded.</summary>
    /// <param name="what">What it was to do, for the message.</param>
    /// <exception cref="InvalidOperationException">It did not.</exception>
    public GitResult OrThrow(string what) => ExitCode == 0 ? this : throw new InvalidOperationException($"git could not {what} (exit code {ExitCode}): {Error}");
}

/// <summary>There is no git.</summary>
/// <param name="message">What happened, with the remedy.</param>
/// <param name="innerException">The system's error.</param>
internal sealed class GitMissingException(string message, Exception innerException) : Exception(message, innerException);
