using System.ComponentModel;
using System.Diagnostics;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Writes a workflow's files as a git repository, so that its log comes with them. What counted is checked out as <c>main</c>.</summary>
internal static class GitCheckout
{
    private const string WorkBranch = "work";

    /// <summary>Clones a workflow's repository.</summary>
    /// <returns>Whether that was done. False: there is no git here, or it could not; the reason was said.</returns>
    public static async Task<bool> TryCloneAsync(Session session, WorkflowId id, string folder, string? commit, CancellationToken cancellationToken)
    {
        var repository = session.Api.RepositoryOf(id).AbsoluteUri;
        try
        {
            if (await RunAsync(session, ["clone", "--quiet", "--branch", WorkBranch, "--", repository, folder], cancellationToken) is { } refusal)
            {
                session.Output.Note($"git could not clone {repository} ({refusal}); the files are written without their log.");
                return false;
            }

            await RequireAsync(session, ["-C", folder, "branch", "--quiet", "-M", WorkBranch, "main"], cancellationToken);
            if (commit is not null)
            {
                await RequireAsync(session, ["-C", folder, "checkout", "--quiet", commit, "--"], cancellationToken);
            }

            return true;
        }
        catch (Win32Exception)
        {
            session.Output.Note("git is not installed; the files are written without their log.");
            return false;
        }
    }

    private static async Task RequireAsync(Session session, string[] arguments, CancellationToken cancellationToken)
    {
        if (await RunAsync(session, arguments, cancellationToken) is { } refusal)
        {
            throw new UsageException($"git {string.Join(' ', arguments)}: {refusal}");
        }
    }

    /// <summary>Runs git. Null: it did what it was asked; else what it said.</summary>
    private static async Task<string?> RunAsync(Session session, string[] arguments, CancellationToken cancellationToken)
    {
        using var git = new Process { StartInfo = StartInfo(session, arguments) };
        git.Start();
        git.StandardInput.Close();
        var said = git.StandardError.ReadToEndAsync(cancellationToken);
        var printed = git.StandardOutput.ReadToEndAsync(cancellationToken);
        try
        {
            await git.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            git.Kill(entireProcessTree: true);
            throw;
        }

        await printed;
        return git.ExitCode == 0 ? null : Words.FirstLine(await said, 300);
    }

    private static ProcessStartInfo StartInfo(Session session, string[] arguments)
    {
        var start = new ProcessStartInfo(session.Surroundings.Git, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = session.Surroundings.Directory,
            Environment = { ["GIT_TERMINAL_PROMPT"] = "0" },
        };

        // Inside a hook of another repository these name that one.
        start.Environment.Remove("GIT_DIR");
        start.Environment.Remove("GIT_WORK_TREE");
        if (session.Api.ApiKey is { } key)
        {
            // Through the environment: arguments are visible to every user of the machine.
            start.Environment["GIT_CONFIG_COUNT"] = "1";
            start.Environment["GIT_CONFIG_KEY_0"] = $"http.{session.Api.Server.AbsoluteUri}.extraHeader";
            start.Environment["GIT_CONFIG_VALUE_0"] = $"Authorization: Bearer {key}";
        }

        return start;
    }
}
