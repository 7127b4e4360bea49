using Stack.Agents.Dotnet;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Deployment;

/// <summary>A release on disk.</summary>
/// <param name="Kind">What the program is.</param>
/// <param name="Command">The program and its arguments, relative to the folder. Empty: it cannot be started.</param>
/// <param name="Files">The files; at most 100.</param>
internal sealed record Publication(ProgramKind Kind, IReadOnlyList<string> Command, IReadOnlyList<string> Files)
{
    private const int ListedFiles = 100;

    /// <summary>Publishes the program of a workspace; a library is packed. The folder appears with everything in it, or not at all.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="directory">Where the release goes; replaced when it is there.</param>
    /// <param name="probes">What is recorded of the program. Null: nothing.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="AgentFailure">There is nothing to publish, or it failed.</exception>
    public static async Task<Publication> MakeAsync(AgentContext context, string directory, ProgramProbes? probes, CancellationToken cancellationToken)
    {
        if (DotnetWorkspace.Find(context.Workspace.Directory) is not { } dotnet || (probes?.EntryProject ?? dotnet.Entry?.Path) is not { } entry)
        {
            throw Failure("nothing_to_deploy", "The workspace has no .NET project that could be published.", "Let a stage before this one write a program; only .NET programs are deployed so far.");
        }

        var kind = probes?.Kind ?? dotnet.Entry!.Kind;
        var temporary = $"{directory}.tmp";
        Folders.Remove(temporary);
        Directory.CreateDirectory(Path.GetDirectoryName(directory)!);
        string[] command = kind is ProgramKind.Library
            ? ["pack", entry, "-c", "Release", "-o", temporary, "--nologo", "-v", "quiet"]
            : ["publish", entry, "-c", "Release", "-o", temporary, "--nologo", "-v", "quiet", "-p:UseAppHost=false", "-p:DebugType=none"];
        var result = await new DotnetTool(context.Processes, dotnet).RunAsync(command, logLines: true, cancellationToken);
        if (!result.Succeeded)
        {
            Folders.Remove(temporary);
            var first = BuildDiagnostic.Read(result.Output, dotnet.Root).FirstOrDefault(diagnostic => diagnostic.IsError);
            throw Failure("publish_failed", $"dotnet {command[0]} failed: {first?.ToString() ?? result.Tail(3)}", $"Run `dotnet {command[0]} {entry} -c Release` in a clone of the workspace.", result.Tail());
        }

        Folders.Remove(directory);
        Directory.Move(temporary, directory);
        return new Publication(kind, CommandOf(kind, directory), [.. FilesOf(directory).Take(ListedFiles)]);
    }

    private static IReadOnlyList<string> CommandOf(ProgramKind kind, string directory)
    {
        const string suffix = ".runtimeconfig.json";
        var config = kind is ProgramKind.Library ? null : Directory.EnumerateFiles(directory, $"*{suffix}").Order(StringComparer.Ordinal).FirstOrDefault();
        return config is null ? [] : ["dotnet", $"{Path.GetFileName(config)[..^suffix.Length]}.dll"];
    }

    private static IEnumerable<string> FilesOf(string directory) => Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(directory, file).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    private static AgentFailure Failure(string code, string message, string remedy, string? details = null) => new(new StructuredError
    {
        Code = code,
        Message = message,
        Category = ErrorCategory.Execution,
        Class = FailureClass.Productive,
        SuggestedAction = remedy,
        Details = details,
    });
}
