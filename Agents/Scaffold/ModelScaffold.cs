using System.Text.Json;
using Stack.Agents.Dotnet;
using Stack.Agents.Loop;
using Stack.Agents.Loop.Native;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Scaffold;

/// <summary>A language model writes the program, through tool calls in the workspace, until it builds.</summary>
/// <param name="context">The attempt.</param>
/// <param name="with">What the stage asks for.</param>
internal sealed class ModelScaffold(AgentContext context, ScaffoldWith with)
{
    private const int MaxTurns = 60;

    private const string Program =
        """

        Write a complete program for the requirements of the user: sources, tests, a README, a .gitignore. Use C# on .NET 10 unless the requirements say otherwise: a solution file at the root, the program below src/, its tests (xunit) below tests/.
        The program must build without warnings and its tests must pass: `dotnet build`, `dotnet test`. A web program answers GET /health with 200 and listens where ASPNETCORE_URLS says.
        Write .stack/probes.json, which says how the finished program is tried from outside:
        {"kind": "web"|"console"|"library", "entry_project": path of the program's project file, "health_path": "/health", "http": [{"name": text, "method": "GET", "path": "/add?a=1&b=2", "status": 200, "json": {"result": 3}}], "commands": [{"name": text, "arguments": ["1"], "exit_code": 0, "output": text}]}
        """;

    /// <summary>Works until the program builds, or until there is no going on.</summary>
    /// <exception cref="LaterException">The attempt has to be made again later.</exception>
    public async Task<(LoopEnding Ending, LoopRun Run)> RunAsync(string requirements, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        var chat = new LoopChat(context);
        var settings = new LoopSettings
        {
            Backend = LoopSettings.Native,
            Model = with.Model,
            MaxIterations = context.Task.MaxIterations > 0 ? context.Task.MaxIterations : IterationClass.Default,
            StallAfter = 3,
            Ask = false,
            RequireApproval = false,
            Checks = [],
        };
        var tools = new WorkspaceTools(context.Workspace, context.Processes, TimeSpan.FromMinutes(5));
        var run = new LoopRun(context, new LoopPlan
        {
            Settings = settings,
            Task = requirements,
            Chat = chat,
            Backend = new NativeBackend(chat, tools, LoopPrompt.Instructions + InstructionsOf(with.Mode), MaxTurns, context.Log),
            Checks = CheckAsync,
            Metadata = metadata,
            AcceptsBuiltin = true,
        });
        return (await run.RunAsync(cancellationToken), run);
    }

    /// <summary>What the stage tells later stages.</summary>
    public ScaffoldOutput OutputOf(LoopEnding.Done done, LoopRun run)
    {
        var (probes, _) = ReadProbes();
        var entry = DotnetWorkspace.Find(context.Workspace.Directory)?.Entry;
        return new ScaffoldOutput
        {
            Provider = run.Records[^1].Model,
            ModelUsed = true,
            Reason = done.Summary,
            Kind = probes?.Kind ?? entry?.Kind,
            Project = Path.GetFileNameWithoutExtension(probes?.EntryProject ?? entry?.Path),
            EntryProject = probes?.EntryProject ?? entry?.Path,
            Files = done.Evidence.FilesChanged,
            Iterations = run.Records.Count,
        };
    }

    private async Task<IReadOnlyList<IterationCheck>> CheckAsync(CancellationToken cancellationToken)
    {
        var checks = new List<IterationCheck>();
        if (ReadProbes().Problem is { } problem)
        {
            checks.Add(new IterationCheck(ProgramProbes.FilePath, Passed: false, 1, problem));
        }

        if (DotnetWorkspace.Find(context.Workspace.Directory) is { } projects)
        {
            checks.Add(LoopEvidence.CheckOf(context, "dotnet build", await new DotnetTool(context.Processes, projects).BuildAsync(warningsAsErrors: false, cancellationToken)));
        }
        else if (!File.Exists(Path.Combine(context.Workspace.Directory, "package.json")))
        {
            checks.Add(new IterationCheck("a project file", Passed: false, 1, "There is no project file (*.csproj or package.json) yet."));
        }

        return checks;
    }

    private (ProgramProbes? Probes, string? Problem) ReadProbes()
    {
        var path = Path.Combine(context.Workspace.Directory, ProgramProbes.FilePath);
        try
        {
            return File.Exists(path) ? (JsonSerializer.Deserialize<ProgramProbes>(File.ReadAllText(path), StackJson.Options), null) : (null, null);
        }
        catch (JsonException exception)
        {
            return (null, $"It is wrong at '{exception.Path ?? "$"}', line {exception.LineNumber + 1}: {exception.Message}");
        }
    }

    private static string InstructionsOf(string mode) => mode switch
    {
        ScaffoldModes.Feature => Program + "\nThe workspace may have a program already: add to it what the user wants, with tests, and leave the rest as it is.",
        ScaffoldModes.Debug => "\nFind the cause of the defect that the user describes. Write a test that shows it, and what you found into DEBUGGING.md. Do not fix it yet.",
        ScaffoldModes.Fix => "\nFix the defect that the user describes, with a test that fails without the fix.",
        _ => Program,
    };
}
