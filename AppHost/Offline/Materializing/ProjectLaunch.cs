using System.Diagnostics;
using System.Runtime.InteropServices;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>How a project is started: <c>dotnet</c> with the assembly that the build made.</summary>
internal static class ProjectLaunch
{
    internal static async Task<LaunchCommand> CommandAsync(ProjectResource project, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var metadata = project.GetProjectMetadata();
        var assembly = metadata switch
        {
            IBuiltProjectMetadata built => built.TargetPath,
            { IsFileBasedApp: true } => await BuildFileAsync(metadata.ProjectPath, cancellationToken),
            _ => await TargetPathAsync(metadata.ProjectPath, cancellationToken),
        };
        if (!File.Exists(assembly))
        {
            throw new DistributedApplicationException($"'{project.Name}' is not built: {assembly} does not exist. Build it with: dotnet build {metadata.ProjectPath}");
        }
        if (arguments.Count == 0 && project.TryGetLastAnnotation<LaunchProfileArgumentsAnnotation>(out var ofProfile))
        {
            arguments = ofProfile.Arguments;
        }
        return new(DotnetPath(), [assembly, .. arguments], Path.GetDirectoryName(metadata.ProjectPath)!, []);
    }

    // The dotnet whose runtime runs this host; it stands three folders above the runtime's.
    private static string DotnetPath()
    {
        var beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        return File.Exists(beside) ? beside : ProgramSearch.OfThisMachine().Require("dotnet", Environment.CurrentDirectory);
    }

    // A project that was added by path is not one the host's build knows; MSBuild says where its output is.
    private static Task<string> TargetPathAsync(string projectPath, CancellationToken cancellationToken) =>
        AskAsync(projectPath, ["msbuild", projectPath, "-getProperty:TargetPath", "-nologo"], cancellationToken);

    // Nobody else builds a single file; the second build of the same content takes no time.
    private static Task<string> BuildFileAsync(string path, CancellationToken cancellationToken) =>
        AskAsync(path, ["build", path, "-getProperty:TargetPath", "-nologo"], cancellationToken);

    private static async Task<string> AskAsync(string projectPath, string[] arguments, CancellationToken cancellationToken)
    {
        if (!File.Exists(projectPath))
        {
            throw new DistributedApplicationException($"The project {projectPath} does not exist. Correct its path.");
        }
        var start = new ProcessStartInfo(DotnetPath()) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? (await output).Trim()
            : throw new DistributedApplicationException($"MSBuild cannot read {projectPath}: {(await errors).Trim()} {(await output).Trim()}");
    }
}
