using System.Text.RegularExpressions;
using Stack.Agents.Dotnet;
using Stack.Agents.E2e;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Deployment;

/// <summary>Publishes a program and puts it into service in place of the release before it. The program stays in service after the attempt.</summary>
/// <param name="root">Where deployments are.</param>
/// <param name="supervisor">Runs the programs.</param>
/// <param name="deployments">The orchestrator's list.</param>
internal sealed partial class DeploymentAgent(DeploymentRoot root, DeploymentSupervisor supervisor, Deployments deployments) : IAgent
{
    private const int ShortCommit = 12;
    private const int ShortId = 8;

    /// <inheritdoc />
    public string Type => "deployment";

    /// <inheritdoc />
    public async Task<StageOutcome> ExecuteAsync(AgentContext context, CancellationToken cancellationToken)
    {
        if (!supervisor.IsInCharge())
        {
            return new StageOutcome.Snoozed { DelayMs = 2_000, Reason = $"Another agent process on '{root.Host}' supervises the deployments of this data folder." };
        }

        var with = context.With<DeploymentWith>();
        var commit = await context.Workspace.HeadAsync(cancellationToken) ?? "";
        var name = NameOf(with.Name ?? context.Task.WorkflowContext.WorkflowName, context.Task.TaskId.WorkflowId);
        var release = ReleaseOf(commit, context.Task.TaskId);
        var probes = ProbeFile.Read(context.Workspace.Directory);
        await BuildLeftovers.IgnoreAsync(context.Workspace, cancellationToken);

        context.Report(10, $"publishing {name} {release}");
        var directory = root.ReleaseDirectory(name, release);
        var publication = await Publication.MakeAsync(context, directory, probes, cancellationToken);
        var deployment = new DeploymentResource
        {
            Name = name,
            WorkflowId = context.Task.TaskId.WorkflowId,
            Release = release,
            Desired = DesiredState.Stopped,
            Status = DeploymentStatus.Stopped,
            Host = root.Host,
            Directory = directory,
            Command = publication.Command,
            HealthPath = with.HealthPath ?? probes?.HealthPath,
            Message = $"Published, not started: a {publication.Kind.ToString().ToLowerInvariant()} is no server.",
            UpdatedAt = context.Time.GetUtcNow(),
        };
        try
        {
            return publication.Kind is ProgramKind.Web
                ? await StartAsync(context, deployment, publication, commit, with.HealthTimeout, cancellationToken)
                : await KeepAsync(context, deployment, publication, commit, cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or Polly.ExecutionRejectedException)
        {
            throw new AgentFailure(NotListed(deployment, exception), exception);
        }
    }

    /// <summary>Makes a name of a deployment out of words: lower-case letters, digits and hyphens, at most 50.</summary>
    /// <param name="words">The words.</param>
    /// <param name="workflowId">What names it when there is no letter in the words.</param>
    public static string NameOf(string words, WorkflowId workflowId)
    {
        var name = NoLetter().Replace(words.ToLowerInvariant(), "-").Trim('-');
        name = name.Length > 50 ? name[..50].TrimEnd('-') : name;
        return name.Length > 0 ? name : $"workflow-{workflowId}";
    }

    // A fork has its parent's commit and counts its attempts from one, too: the end of the workflow's id, which is random, keeps their folders apart.
    private static string ReleaseOf(string commit, TaskId taskId) =>
        $"{(commit.Length > ShortCommit ? commit[..ShortCommit] : "empty")}-{taskId.WorkflowId.ToString()[^ShortId..]}-{taskId.Attempt}";

    private async Task<StageOutcome> StartAsync(AgentContext context, DeploymentResource deployment, Publication publication, string commit, TimeSpan healthLimit, CancellationToken cancellationToken)
    {
        context.Report(60, $"starting {deployment.Name} and waiting until it is healthy");
        var swap = await supervisor.SwapAsync(deployment, healthLimit, cancellationToken);
        if (swap.Running is not { } running)
        {
            Folders.Remove(deployment.Directory);
            return new StageOutcome.Failed { Error = NotHealthy(deployment, swap) };
        }

        root.Prune(running.Name, running.Directory);
        var message = $"{running.Name} answers at {running.Url}{(swap.Before is { } before ? $" in place of {before}" : "")}.";
        return await CommitAsync(context, RecordOf(running, publication, commit) with { Replaced = swap.Before, Message = message }, cancellationToken);
    }

    private async Task<StageOutcome> KeepAsync(AgentContext context, DeploymentResource deployment, Publication publication, string commit, CancellationToken cancellationToken)
    {
        await deployments.WriteAsync(deployment, cancellationToken);
        root.Prune(deployment.Name, deployment.Directory);
        context.AddWarning(deployment.Message!);
        return await CommitAsync(context, RecordOf(deployment, publication, commit) with { Message = $"{deployment.Message} {publication.Files.Count} files are in {deployment.Directory}." }, cancellationToken);
    }

    private static DeploymentRecord RecordOf(DeploymentResource deployment, Publication publication, string commit) => new()
    {
        Name = deployment.Name,
        Release = deployment.Release,
        Commit = commit,
        Kind = publication.Kind,
        Status = deployment.Status,
        Url = deployment.Url,
        HealthPath = deployment.HealthPath,
        Files = publication.Files,
        Message = deployment.Message ?? "",
    };

    private static async Task<StageOutcome> CommitAsync(AgentContext context, DeploymentRecord record, CancellationToken cancellationToken)
    {
        await context.Workspace.WriteAsync(DeploymentRecord.FilePath, Validation.ReportText.Write(record), cancellationToken);
        await context.Workspace.CommitAsync($"Deploy {record.Name} {record.Release}", allowEmpty: true, cancellationToken);
        await context.AddArtifactAsync("Deployment record", DeploymentRecord.FilePath, "application/json", cancellationToken);
        context.Log(record.Message);
        context.Report(100, record.Message);
        return new StageOutcome.Completed { Output = JsonPayload.From(record) };
    }

    private static StructuredError NotListed(DeploymentResource deployment, Exception exception) => new()
    {
        Code = "orchestrator_unavailable",
        Message = $"The orchestrator did not take the release {deployment.Release} of '{deployment.Name}' into its list, so nothing was replaced: {exception.Message}",
        Category = ErrorCategory.Dependency,
        Class = FailureClass.Infrastructure,
        Retryable = true,
        SuggestedAction = "See the orchestrator's log; the stage is tried again by itself.",
    };

    private static StructuredError NotHealthy(DeploymentResource deployment, SwapResult swap) => new()
    {
        Code = "deployment_unhealthy",
        Message = $"The release {deployment.Release} of '{deployment.Name}' was rolled back: {swap.Reason}. {(swap.Before is { } before ? $"The release {before} keeps running." : "No other release of it runs.")}",
        Category = ErrorCategory.Execution,
        Class = FailureClass.Productive,
        SuggestedAction = $"Start the program with `dotnet run` in a clone and look at {deployment.HealthPath ?? "whether it listens at ASPNETCORE_URLS"}; `with.health_path` and `with.health_timeout` say what counts as healthy.",
        Details = swap.Output,
    };

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NoLetter();
}
