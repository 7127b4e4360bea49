using Stack.Agents.Dotnet;
using Stack.Agents.Node;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.E2e;

/// <summary>The program of a workspace: what it is, how it is started, how it is tried.</summary>
/// <param name="Command">The program and its arguments. Empty: it cannot be started.</param>
/// <param name="Directory">Where it runs, absolute.</param>
/// <param name="Probes">How it is tried.</param>
internal sealed record ProgramUnderTest(IReadOnlyList<string> Command, string Directory, ProgramProbes Probes)
{
    /// <summary>Finds the program. .NET programs must be built already.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="AgentFailure">The recorded probes cannot be read.</exception>
    public static async Task<ProgramUnderTest?> FindAsync(AgentContext context, CancellationToken cancellationToken)
    {
        var root = context.Workspace.Directory;
        var probes = ProbeFile.Read(root);
        if (DotnetWorkspace.Find(root) is { } dotnet)
        {
            var entry = probes?.EntryProject ?? dotnet.Entry?.Path;
            var kind = probes?.Kind ?? dotnet.Entry?.Kind ?? ProgramKind.Library;
            probes ??= new ProgramProbes { Kind = kind, EntryProject = entry ?? dotnet.Target };
            var command = kind is ProgramKind.Library || entry is null ? [] : await CommandOfAsync(new DotnetTool(context.Processes, dotnet), entry, cancellationToken);
            return new ProgramUnderTest(command, context.ScratchDirectory, probes);
        }

        if (NodeWorkspace.Find(root) is { } node)
        {
            var starts = node.Scripts.ContainsKey("start");
            probes ??= new ProgramProbes { Kind = starts ? ProgramKind.Web : ProgramKind.Library, EntryProject = "package.json" };
            return new ProgramUnderTest(starts ? ["npm", "start", "--silent"] : [], root, probes);
        }

        return null;
    }

    private static async Task<IReadOnlyList<string>> CommandOfAsync(DotnetTool dotnet, string entry, CancellationToken cancellationToken)
    {
        var result = await dotnet.RunAsync(["msbuild", entry, "-getProperty:TargetPath", "-nologo"], logLines: false, cancellationToken);
        return result.Succeeded ? ["dotnet", result.Output.Trim()] : [];
    }
}

/// <summary>Reads recorded probes.</summary>
internal static class ProbeFile
{
    /// <summary>Reads the probes of a workspace. Null: there are none.</summary>
    /// <param name="root">The workspace.</param>
    /// <exception cref="AgentFailure">The file cannot be read as what it shall be.</exception>
    public static ProgramProbes? Read(string root)
    {
        var file = Path.Combine(root, ProgramProbes.FilePath);
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            return JsonPayload.FromTrustedUtf8(File.ReadAllBytes(file)).To<ProgramProbes>();
        }
        catch (System.Text.Json.JsonException exception)
        {
            throw new AgentFailure(
                new StructuredError
                {
                    Code = "probes_invalid",
                    Message = $"{ProgramProbes.FilePath} is not a list of probes: {exception.Message}",
                    Category = ErrorCategory.Validation,
                    Class = FailureClass.Unproductive,
                    SuggestedAction = "Correct the file, or remove it; without it the program is only started and looked at.",
                },
                exception);
        }
    }
}
