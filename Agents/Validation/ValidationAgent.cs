using System.Text.Json;
using Stack.Agents.Dotnet;
using Stack.Agents.Node;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Validation;

/// <summary>Holds a workspace against limits: does it build, is it formatted, do its tests pass and cover enough, is its code simple, free of copies and of secrets.</summary>
internal sealed class ValidationAgent : IAgent
{
    /// <inheritdoc />
    public string Type => "validation";

    /// <inheritdoc />
    public async Task<StageOutcome> ExecuteAsync(AgentContext context, CancellationToken cancellationToken)
    {
        var with = context.With<ValidationWith>();
        await BuildLeftovers.IgnoreAsync(context.Workspace, cancellationToken);
        var tracked = (await context.Workspace.GitAsync(["ls-files", "-z"], cancellationToken)).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        var findings = new Findings();
        var projects = await CheckProjectsAsync(context, with, tracked, findings, cancellationToken);
        if (projects.Count == 0)
        {
            return new StageOutcome.Failed { Error = NoProject(context) };
        }

        await SecretScan.ScanAsync(context.Workspace.Directory, tracked, findings, cancellationToken);
        AddTotals(with, findings);
        var report = new ValidationReport
        {
            Passed = findings.Checks.All(check => check.Status is not CheckStatus.Failed),
            Projects = projects,
            Checks = findings.Checks,
            Thresholds = with.Thresholds,
        };
        await CommitAsync(context, report, cancellationToken);
        return OutcomeOf(context, report);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<string>> DetectCapabilitiesAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([.. ((string[])["dotnet", "node", "npm"]).Where(program => ProgramPath.Find(program, "/", Environment.GetEnvironmentVariable("PATH") ?? "") is not null)]);

    private static async Task<List<string>> CheckProjectsAsync(AgentContext context, ValidationWith with, IReadOnlyList<string> tracked, Findings findings, CancellationToken cancellationToken)
    {
        var projects = new List<string>();
        if (DotnetWorkspace.Find(context.Workspace.Directory) is { } dotnet)
        {
            projects.Add("dotnet");
            await new DotnetChecks(context, with, new DotnetTool(context.Processes, dotnet), findings).RunAsync(tracked, cancellationToken);
        }

        if (NodeWorkspace.Find(context.Workspace.Directory) is { } node)
        {
            projects.Add("node");
            await new NodeChecks(context, new NodeTool(context.Processes, node), findings).RunAsync(cancellationToken);
        }

        return projects;
    }

    private static void AddTotals(ValidationWith with, Findings findings)
    {
        var errors = findings.Errors.Count;
        findings.Add(errors > with.Thresholds.Errors
            ? ValidationCheck.Fail("errors", $"There are {errors} errors; at most {with.Thresholds.Errors} are allowed.", "Correct them, the first one first.", findings.Errors, errors, with.Thresholds.Errors)
            : ValidationCheck.Pass("errors", $"There are {errors} errors.", errors, with.Thresholds.Errors));

        var warnings = findings.Warnings.Count;
        var tooMany = warnings > with.Thresholds.Warnings;
        findings.Add(tooMany && with.FailOnWarnings
            ? ValidationCheck.Fail("warnings", $"There are {warnings} warnings; at most {with.Thresholds.Warnings} are allowed.", "Correct them, or raise `with.thresholds.warnings`.", findings.Warnings, warnings, with.Thresholds.Warnings)
            : ValidationCheck.Pass("warnings", $"There are {warnings} warnings{(tooMany ? $", more than {with.Thresholds.Warnings}; `with.fail_on_warnings` is off" : "")}.", warnings, with.Thresholds.Warnings) with
            {
                Findings = [.. findings.Warnings.Take(ValidationCheck.MaxFindings)],
            });
    }

    private static async Task CommitAsync(AgentContext context, ValidationReport report, CancellationToken cancellationToken)
    {
        await context.Workspace.WriteAsync(ValidationReport.FilePath, ReportText.Write(report), cancellationToken);
        await context.Workspace.CommitAsync($"Validate: {(report.Passed ? "all checks passed" : string.Join(", ", Failed(report).Select(check => check.Name)) + " failed")}", allowEmpty: true, cancellationToken);
        await context.AddArtifactAsync("Validation report", ValidationReport.FilePath, "application/json", cancellationToken);
        foreach (var check in report.Checks)
        {
            context.Log($"{check.Status.ToString().ToLowerInvariant(),-7} {check.Name}: {check.Message}");
        }

        foreach (var warning in report.Checks.Where(check => check.Name is "warnings" && check.Value > 0))
        {
            context.AddWarning(warning.Message);
        }
    }

    private static StageOutcome OutcomeOf(AgentContext context, ValidationReport report)
    {
        var output = JsonPayload.From(report);
        if (report.Passed)
        {
            context.Report(100, $"{report.Checks.Count(check => check.Status is CheckStatus.Passed)} checks passed");
            return new StageOutcome.Completed { Output = output };
        }

        var failed = Failed(report).ToList();
        return new StageOutcome.Failed
        {
            Output = output,
            Error = new StructuredError
            {
                Code = "validation_failed",
                Message = string.Join(" ", failed.Select(check => check.Message)),
                Category = ErrorCategory.Validation,
                Class = FailureClass.Productive,
                SuggestedAction = string.Join(" ", failed.Select(check => check.Remedy).OfType<string>().Distinct()),
                Details = string.Join('\n', failed.SelectMany(check => check.Findings.Select(finding => $"{check.Name}: {finding}"))),
            },
        };
    }

    private static IEnumerable<ValidationCheck> Failed(ValidationReport report) => report.Checks.Where(check => check.Status is CheckStatus.Failed);

    private static StructuredError NoProject(AgentContext context) => new()
    {
        Code = "no_project",
        Message = $"The workspace at {context.Workspace.BaseCommit ?? "its beginning"} has neither a .NET project (*.csproj) nor a Node project (package.json).",
        Category = ErrorCategory.Validation,
        Class = FailureClass.Unproductive,
        SuggestedAction = "Let a stage before this one write a program, for example with the agent 'scaffold'.",
    };
}

/// <summary>Writes reports for people: indented, with a line end.</summary>
internal static class ReportText
{
    private static readonly JsonSerializerOptions s_indented = new(StackJson.Options) { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a report.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="report">The report.</param>
    public static string Write<T>(T report) => JsonSerializer.Serialize(report, s_indented) + "\n";
}
