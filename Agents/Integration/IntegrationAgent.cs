using System.Globalization;
using System.Text.RegularExpressions;
using Stack.Agents.Dotnet;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Integration;

/// <summary>
/// Merges what counted so far into the target branch, always with a merge commit, and tags it. The references move when the result counts; until then nobody sees the merge.
/// </summary>
internal sealed partial class IntegrationAgent : IAgent
{
    private const string Target = "main";

    /// <inheritdoc />
    public string Type => "integration";

    /// <inheritdoc />
    public async Task<StageOutcome> ExecuteAsync(AgentContext context, CancellationToken cancellationToken)
    {
        var workspace = context.Workspace;
        if (await workspace.HeadAsync(cancellationToken) is not { } work)
        {
            return new StageOutcome.Failed { Error = NothingToMerge() };
        }

        await BuildLeftovers.IgnoreAsync(workspace, cancellationToken);
        var before = await FindAsync(context, $"refs/remotes/origin/{Target}", cancellationToken);
        var start = before ?? (await workspace.GitAsync(["rev-list", "--max-parents=0", "HEAD"], cancellationToken)).Split('\n')[^1];
        var report = new IntegrationReport { Merged = true, Target = Target, TargetBefore = before, Source = work };
        if (await IsAncestorAsync(context, work, start, cancellationToken))
        {
            context.Report(100, $"{Target} has the work already");
            return new StageOutcome.Completed { Output = JsonPayload.From(report with { Commit = start }) };
        }

        context.Report(20, $"merging {work[..10]} into {Target}");
        if (await MergeAsync(context, start, work, cancellationToken) is { Count: > 0 } conflicts)
        {
            return Conflicted(report with { Merged = false, Conflicts = conflicts });
        }

        var merge = (await workspace.HeadAsync(cancellationToken))!;
        var rebuilt = await BuildIfChangedAsync(context, work, cancellationToken);
        var tag = await NextTagAsync(context, cancellationToken);
        context.UpdateReference($"refs/heads/{Target}", merge);
        context.UpdateReference($"refs/tags/{tag}", merge);
        context.Report(100, $"merged into {Target} as {merge[..10]}, tagged {tag}");
        return new StageOutcome.Completed { Output = JsonPayload.From(report with { Commit = merge, Tag = tag, Rebuilt = rebuilt }) };
    }

    private static async Task<IReadOnlyList<MergeConflict>> MergeAsync(AgentContext context, string target, string work, CancellationToken cancellationToken)
    {
        var workspace = context.Workspace;
        var message = workspace.WithTrailers($"Merge the work of '{context.Task.WorkflowContext.WorkflowName}' into {Target}");
        await workspace.GitAsync(["checkout", "--quiet", "--detach", target], cancellationToken);
        var result = await workspace.TryGitAsync(["merge", "--quiet", "--no-ff", "--no-verify", "--message", message, work], cancellationToken);
        if (result.Succeeded)
        {
            return [];
        }

        var conflicts = await ConflictReader.ReadAsync(workspace, cancellationToken);
        if (conflicts.Count == 0)
        {
            throw new AgentFailure(Error("merge_failed", $"git merge failed with exit code {result.ExitCode}: {result.Tail(5)}", ErrorCategory.Execution, "See the details; the branches are unchanged.") with { Details = result.Tail() });
        }

        await workspace.GitAsync(["merge", "--abort"], cancellationToken);
        await workspace.GitAsync(["checkout", "--quiet", "--detach", work], cancellationToken);
        return conflicts;
    }

    // What was tested is the work's tree. A merge with the same tree needs no other proof.
    private static async Task<bool> BuildIfChangedAsync(AgentContext context, string work, CancellationToken cancellationToken)
    {
        var tree = await context.Workspace.GitAsync(["rev-parse", "HEAD^{tree}"], cancellationToken);
        if (tree == await context.Workspace.GitAsync(["rev-parse", $"{work}^{{tree}}"], cancellationToken))
        {
            return false;
        }

        if (DotnetWorkspace.Find(context.Workspace.Directory) is { } dotnet)
        {
            context.Report(50, "building the merge: the target had changes of its own");
            var result = await new DotnetTool(context.Processes, dotnet).BuildAsync(warningsAsErrors: false, cancellationToken);
            if (!result.Succeeded)
            {
                var errors = BuildDiagnostic.Read(result.Output, dotnet.Root).Where(diagnostic => diagnostic.IsError).Select(diagnostic => diagnostic.ToString()).ToList();
                throw new AgentFailure(Error(
                    "merge_does_not_build",
                    $"The work and {Target} merge without conflicts, but the result does not build: {(errors is [var first, ..] ? first : result.Tail(3))}",
                    ErrorCategory.Conflict,
                    $"Bring the work up to date with {Target}, correct it, and retry from the stage that writes it.") with
                {
                    Class = FailureClass.Productive,
                    Details = string.Join('\n', errors),
                });
            }
        }

        return true;
    }

    private static async Task<string> NextTagAsync(AgentContext context, CancellationToken cancellationToken)
    {
        var tags = await context.Workspace.GitAsync(["tag", "--list", "v*"], cancellationToken);
        var highest = tags.Split('\n').Select(tag => Version().Match(tag)).Where(match => match.Success)
            .Select(match => (Major: Number(match, "major"), Minor: Number(match, "minor")))
            .DefaultIfEmpty((Major: 0, Minor: 0)).Max();
        return string.Create(CultureInfo.InvariantCulture, $"v{highest.Major}.{highest.Minor + 1}.0");
    }

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    private static async Task<string?> FindAsync(AgentContext context, string reference, CancellationToken cancellationToken)
    {
        var result = await context.Workspace.TryGitAsync(["rev-parse", "--verify", "--quiet", $"{reference}^{{commit}}"], cancellationToken);
        return result.Succeeded ? result.Output.Trim() : null;
    }

    private static async Task<bool> IsAncestorAsync(AgentContext context, string commit, string of, CancellationToken cancellationToken) =>
        (await context.Workspace.TryGitAsync(["merge-base", "--is-ancestor", commit, of], cancellationToken)).Succeeded;

    private static StageOutcome.Failed Conflicted(IntegrationReport report) => new()
    {
        Output = JsonPayload.From(report),
        Error = Error(
            "merge_conflict",
            $"The work cannot be merged into {Target}: {string.Join(", ", report.Conflicts.Select(conflict => $"{conflict.Path} ({conflict.Kind})"))}.",
            ErrorCategory.Conflict,
            $"Bring the work up to date with {Target}, decide between the two sides of each place, and retry from the stage that writes the work.") with
        {
            Class = FailureClass.Productive,
            Details = string.Join('\n', report.Conflicts.SelectMany(conflict => conflict.Hunks.Select(hunk => $"{conflict.Path}\n{hunk}"))),
        },
    };

    private static StructuredError NothingToMerge() =>
        Error("nothing_to_merge", "The workspace has no commit.", ErrorCategory.Validation, "Let a stage before this one write a program, for example with the agent 'scaffold'.");

    private static StructuredError Error(string code, string message, ErrorCategory category, string remedy) =>
        new() { Code = code, Message = message, Category = category, Class = FailureClass.Unproductive, SuggestedAction = remedy };

    [GeneratedRegex(@"^v(?<major>\d{1,6})\.(?<minor>\d{1,6})\.\d{1,6}$")]
    private static partial Regex Version();
}
