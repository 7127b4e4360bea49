using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Orchestrator.Workspaces;

/// <summary>Makes the repository of a workflow: with a first commit of its own, or from a repository that exists.</summary>
internal sealed class WorkspaceSeed(GitCommand git, GitRepositories repositories, IOptions<WorkspaceOptions> options)
{
    private static readonly JsonSerializerOptions Indented = new(StackJson.Options) { WriteIndented = true };

    /// <summary>Makes the repository and puts the first commit on the attempt's branch. Idempotent: the same task makes the same commit.</summary>
    /// <param name="task">The initialization task.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<SeedOutcome> PlantAsync(TaskEnvelope task, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(task.WorkflowContext.Requirements))
        {
            return SeedOutcome.Refuse("requirements_empty", "Project requirements cannot be empty.", "Submit the workflow again and say what is wanted.");
        }

        var bundle = repositories.BundleOf(task.TaskId.WorkflowId);
        if (File.Exists(bundle))
        {
            return await FetchAsync(repositories.Create(task.TaskId.WorkflowId), "refs/heads/" + GitReferences.AttemptBranch(task.TaskId), bundle, GitReferences.Base, cancellationToken);
        }

        if (ReadSource(task.WorkflowContext.Input, out var source, out var reference) is { } refusal)
        {
            return refusal;
        }

        var path = repositories.Create(task.TaskId.WorkflowId);
        var branch = "refs/heads/" + GitReferences.AttemptBranch(task.TaskId);
        return source is null
            ? new SeedOutcome(await CommitFirstAsync(path, branch, task, cancellationToken), null)
            : await FetchAsync(path, branch, source, reference ?? "HEAD", cancellationToken);
    }

    private async Task<string> CommitFirstAsync(string path, string branch, TaskEnvelope task, CancellationToken cancellationToken)
    {
        using var script = new MemoryStream();
        var context = task.WorkflowContext;
        Line($"commit {branch}\nmark :1\ncommitter Stack <stack@localhost> {task.CreatedAt.ToUnixTimeSeconds()} +0000");
        Block($"Begin {context.WorkflowName}\n\nStack-Workflow: {task.TaskId.WorkflowId}\nStack-Stage: {task.TaskId.Stage}\nStack-Attempt: {task.TaskId.Attempt}\n");
        Line("M 100644 inline REQUIREMENTS.md");
        Block($"# {context.WorkflowName}\n\n{context.Requirements.Trim()}\n");
        Line("M 100644 inline .stack/workflow.json");
        Block(Describe(task) + "\n");
        Line("\nget-mark :1\ndone");
        var import = await git.RunAsync(path, ["fast-import", "--quiet", "--force", "--done", "--date-format=raw"], script.ToArray(), cancellationToken);
        return import.OrThrow("write the first commit").Text;

        void Line(string text) => script.Write(Encoding.UTF8.GetBytes(text + "\n"));

        void Block(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            Line(string.Create(CultureInfo.InvariantCulture, $"data {bytes.Length}"));
            script.Write(bytes);
            script.WriteByte((byte)'\n');
        }
    }

    private static string Describe(TaskEnvelope task)
    {
        var context = task.WorkflowContext;
        return new JsonObject
        {
            ["workflow_id"] = task.TaskId.WorkflowId.ToString(),
            ["name"] = context.WorkflowName,
            ["type"] = context.WorkflowType,
            ["definition"] = context.Definition,
            ["input"] = context.Input is { } input ? JsonNode.Parse(input.Utf8.Span) : null,
        }.ToJsonString(Indented);
    }

    private async Task<SeedOutcome> FetchAsync(string path, string branch, string source, string reference, CancellationToken cancellationToken)
    {
        var fetch = await git.RunAsync(path, ["-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--end-of-options", source, $"+{reference}:{branch}"], cancellationToken);
        if (fetch.ExitCode != 0)
        {
            return SeedOutcome.Refuse(
                "repository_unreadable",
                $"The repository '{source}' cannot be fetched at '{reference}': {LastLine(fetch.Error)}",
                "Check that input.repository is a git repository that the orchestrator can read and that input.ref is a branch, a tag or a commit of it.");
        }

        return new SeedOutcome((await git.RunAsync(path, ["rev-parse", "--verify", branch], cancellationToken)).OrThrow("read the fetched commit").Text, null);
    }

    private SeedOutcome? ReadSource(JsonPayload? input, out string? source, out string? reference)
    {
        (source, reference) = (null, null);
        if (input?.ToElement() is not { ValueKind: JsonValueKind.Object } fields || !fields.TryGetProperty("repository", out var repository) || repository.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        reference = fields.TryGetProperty("ref", out var named) && named.ValueKind == JsonValueKind.String ? named.GetString() : null;
        if (reference is not null && !GitReferences.IsRevision(reference))
        {
            return SeedOutcome.Refuse("reference_invalid", $"input.ref is '{reference}', which is not the name of a branch, a tag or a commit.", "Give the name of a branch, for example main.");
        }

        var text = repository.ValueKind == JsonValueKind.String ? repository.GetString()! : repository.GetRawText();
        source = Allowed(text);
        return source is not null
            ? null
            : SeedOutcome.Refuse(
                "repository_refused",
                $"input.repository is '{text}', which this orchestrator does not read.",
                $"Give {(options.Value.AllowRemoteRepositories ? "an http or https URL, or " : "")}an absolute path under one of: {(options.Value.RepositoryRoots is { Count: > 0 } roots ? string.Join(", ", roots) : "(no folder is allowed)")}. The setting is {WorkspaceOptions.Section}:RepositoryRoots.");
    }

    private string? Allowed(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps))
        {
            return options.Value.AllowRemoteRepositories ? uri.AbsoluteUri : null;
        }

        var path = uri is { IsFile: true } ? uri.LocalPath : text;
        if (!Path.IsPathFullyQualified(path) || !Directory.Exists(path))
        {
            return null;
        }

        // What counts is where the folder really is, not what a link calls it.
        path = Directory.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        return options.Value.RepositoryRoots!.Any(root => IsUnder(path, Path.GetFullPath(root))) ? path : null;
    }

    private static bool IsUnder(string path, string root) =>
        path == root || path.StartsWith(Path.TrimEndingDirectorySeparator(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static string LastLine(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault(line => !line.StartsWith("and the repository", StringComparison.Ordinal)) ?? text;
}

/// <summary>What became of the first commit.</summary>
/// <param name="Commit">The commit. Null: there is none.</param>
/// <param name="Error">Why there is none.</param>
internal sealed record SeedOutcome(string? Commit, StructuredError? Error)
{
    public static SeedOutcome Refuse(string code, string message, string action) => new(null, new StructuredError
    {
        Code = code,
        Message = message,
        Severity = ErrorSeverity.Fatal,
        Category = ErrorCategory.Validation,
        Class = FailureClass.Unproductive,
        Retryable = false,
        SuggestedAction = action,
    });
}
