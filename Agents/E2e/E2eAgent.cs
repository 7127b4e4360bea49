using Stack.Agents.Dotnet;
using Stack.Agents.Node;
using Stack.Agents.Runtime;
using Stack.Checks;
using Stack.Contracts;

namespace Stack.Agents.E2e;

/// <summary>Uses a program from outside: runs its tests, starts it, sends requests or command lines, opens its pages in a browser.</summary>
internal sealed class E2eAgent : IAgent
{
    /// <inheritdoc />
    public string Type => "e2e";

    /// <inheritdoc />
    public async Task<StageOutcome> ExecuteAsync(AgentContext context, CancellationToken cancellationToken)
    {
        await BuildLeftovers.IgnoreAsync(context.Workspace, cancellationToken);
        var log = new E2eLog();
        var found = await RunTestsAsync(context, log, cancellationToken);
        if (!found)
        {
            return new StageOutcome.Failed { Error = NoProject(context) };
        }

        var program = log.Passed ? await ProgramUnderTest.FindAsync(context, cancellationToken) : null;
        if (program is not null)
        {
            await UseAsync(context, program, log, cancellationToken);
        }

        var report = new E2eReport { Passed = log.Passed, Kind = program?.Probes.Kind, Steps = log.Steps, Notes = log.Notes };
        await CommitAsync(context, report, cancellationToken);
        return OutcomeOf(context, report);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<string>> DetectCapabilitiesAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>(BrowserProber.FindChromium() is null ? ["dotnet"] : ["dotnet", "chromium"]);

    private static async Task<bool> RunTestsAsync(AgentContext context, E2eLog log, CancellationToken cancellationToken)
    {
        context.Report(5, "building the program and running its tests");
        if (DotnetWorkspace.Find(context.Workspace.Directory) is { } dotnet)
        {
            var results = Path.Combine(context.ScratchDirectory, "results");
            var result = await new DotnetTool(context.Processes, dotnet).TestAsync(results, build: true, coverage: false, cancellationToken);
            var report = TestReport.Read(results);
            var actual = result.Succeeded ? $"{report.Passed} passed" : report.Failures is [var first, ..] ? $"{report.Failures.Count} of {report.Total} failed: {first.Name}: {first.Message}" : result.Tail(5);
            log.Add(new E2eStep("the project's tests", "tests", result.Succeeded, "all tests pass", actual) { DurationMs = (long)result.Duration.TotalMilliseconds });
            return true;
        }

        if (NodeWorkspace.Find(context.Workspace.Directory) is not { } node)
        {
            return false;
        }

        var tool = new NodeTool(context.Processes, node);
        await tool.InstallAsync(cancellationToken);
        if (!node.Scripts.ContainsKey("test"))
        {
            log.Notes.Add("The project has no script 'test'; no tests were run.");
            return true;
        }

        var tested = await tool.RunAsync("npm", ["test", "--silent"], logLines: true, cancellationToken);
        log.Add(new E2eStep("the project's tests", "tests", tested.Succeeded, "npm test ends with 0", tested.Succeeded ? "as expected" : tested.Tail(10)) { DurationMs = (long)tested.Duration.TotalMilliseconds });
        return true;
    }

    private static async Task UseAsync(AgentContext context, ProgramUnderTest program, E2eLog log, CancellationToken cancellationToken)
    {
        context.Report(50, $"trying the {program.Probes.Kind.ToString().ToLowerInvariant()}");
        switch (program.Probes.Kind)
        {
            case ProgramKind.Web when program.Command.Count > 0:
                await new WebTrial(context, program, log).RunAsync(cancellationToken);
                break;
            case ProgramKind.Console when program.Command.Count > 0:
                var prober = new CommandProber(context.Processes, program.Command, Path.Combine(context.ScratchDirectory, "run"), log);
                foreach (var probe in program.Probes.Commands)
                {
                    await prober.ProbeAsync(probe, cancellationToken);
                }

                if (program.Probes.Commands.Count == 0)
                {
                    log.Notes.Add($"There are no command lines in {ProgramProbes.FilePath}; the program was not started.");
                }

                break;
            case ProgramKind.Library:
                log.Notes.Add("A library is not started; its tests are what uses it.");
                break;
            default:
                log.Add(new E2eStep("the program", "start", Passed: false, "the build makes a program that can be started", $"{program.Probes.EntryProject} makes none"));
                break;
        }
    }

    private static async Task CommitAsync(AgentContext context, E2eReport report, CancellationToken cancellationToken)
    {
        await context.Workspace.WriteAsync(E2eReport.FilePath, Validation.ReportText.Write(report), cancellationToken);
        await context.Workspace.CommitAsync($"Test end to end: {report.Steps.Count(step => step.Passed)} of {report.Steps.Count} passed", allowEmpty: true, cancellationToken);
        await context.AddArtifactAsync("End-to-end report", E2eReport.FilePath, "application/json", cancellationToken);
        foreach (var step in report.Steps)
        {
            context.Log($"{(step.Passed ? "passed" : "FAILED")} {step.Area}: {step.Name}{(step.Passed ? "" : $": expected {step.Expected}; {step.Actual}")}");
        }

        foreach (var note in report.Notes)
        {
            context.Log(note);
            context.AddWarning(note);
        }
    }

    private static StageOutcome OutcomeOf(AgentContext context, E2eReport report)
    {
        var output = JsonPayload.From(report);
        if (report.Passed)
        {
            context.Report(100, $"{report.Steps.Count} of {report.Steps.Count} passed");
            return new StageOutcome.Completed { Output = output };
        }

        var failed = report.Steps.Where(step => !step.Passed).ToList();
        return new StageOutcome.Failed
        {
            Output = output,
            Error = new StructuredError
            {
                Code = failed.Exists(step => step.Area is "tests") ? "tests_failed" : "e2e_failed",
                Message = $"{failed.Count} of {report.Steps.Count} trials failed, the first: {failed[0].Name}: expected {failed[0].Expected}; {failed[0].Actual}.",
                Category = ErrorCategory.Validation,
                Class = FailureClass.Productive,
                SuggestedAction = $"Correct the program, or {ProgramProbes.FilePath} when it expects the wrong thing; {E2eReport.FilePath} has every trial.",
                Details = string.Join('\n', failed.Select(step => $"{step.Area}: {step.Name}: expected {step.Expected}; {step.Actual}")),
            },
        };
    }

    private static StructuredError NoProject(AgentContext context) => new()
    {
        Code = "no_project",
        Message = $"The workspace at {context.Workspace.BaseCommit ?? "its beginning"} has neither a .NET project (*.csproj) nor a Node project (package.json).",
        Category = ErrorCategory.Validation,
        Class = FailureClass.Unproductive,
        SuggestedAction = "Let a stage before this one write a program, for example with the agent 'scaffold'.",
    };
}
