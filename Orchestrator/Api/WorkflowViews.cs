using System.Diagnostics;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Definitions;

namespace Stack.Orchestrator.Api;

/// <summary>Shows workflows as resources: what the state says, and what is known of the attempts under way.</summary>
internal sealed class WorkflowViews(IWorkflowStore store, DefinitionCatalog catalog, IAgentRegistry registry, TimeProvider time)
{
    private const int MaxAttempts = 1000;

    /// <summary>Shows one. Null: there is none.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<WorkflowResource?> FindAsync(WorkflowId id, CancellationToken cancellationToken) =>
        await store.LoadAsync([id], cancellationToken) is [var workflow] ? await ShowAsync(workflow, cancellationToken) : null;

    /// <summary>Shows one with its stages and outputs.</summary>
    /// <param name="workflow">The workflow.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<WorkflowResource> ShowAsync(StoredWorkflow workflow, CancellationToken cancellationToken)
    {
        var definition = await catalog.PinnedAsync(workflow.Header.DefinitionVersion, cancellationToken);
        var attempts = await store.ListAttemptsAsync(new AttemptQuery { WorkflowId = workflow.Header.Id, Limit = MaxAttempts }, cancellationToken);
        var outputs = await store.LoadOutputsAsync(workflow.Header.Id, cancellationToken);
        var stages = Stages(definition, workflow.State, attempts);
        var reason = WaitReason.Of(definition, workflow.State, stages, await registry.ListAsync(cancellationToken), time.GetUtcNow());
        return Summarize(workflow) with
        {
            ProjectRequirements = workflow.Header.Requirements,
            Input = workflow.Header.Input,
            Reason = reason,
            Stages = stages,
            StageOutputs = outputs,
        };
    }

    /// <summary>Shows one that was just accepted: nothing but its first attempts exists yet.</summary>
    /// <param name="workflow">The workflow.</param>
    /// <param name="definition">Its definition.</param>
    public static WorkflowResource ShowNew(StoredWorkflow workflow, WorkflowDefinition definition) => Summarize(workflow) with
    {
        ProjectRequirements = workflow.Header.Requirements,
        Input = workflow.Header.Input,
        Stages = Stages(definition, workflow.State, []),
        StageOutputs = new Dictionary<string, JsonPayload>(),
    };

    /// <summary>Shows one as lists do.</summary>
    /// <param name="workflow">The workflow.</param>
    public static WorkflowResource Summarize(StoredWorkflow workflow)
    {
        var (header, state) = (workflow.Header, workflow.State);
        return new WorkflowResource
        {
            Id = header.Id,
            WorkflowId = header.Id,
            Name = header.Name,
            Description = header.Description,
            Type = header.Type,
            Definition = header.DefinitionName,
            Status = state.Status,
            State = workflow.DisplayState,
            CurrentStage = workflow.CurrentStage,
            Progress = workflow.Progress,
            Priority = header.Priority,
            Version = state.Version,
            Reason = WaitReason.OfState(state),
            Error = state.Error,
            HeadCommit = state.HeadCommit,
            Origin = state.Origin,
            CreatedBy = header.CreatedBy,
            TraceId = ActivityContext.TryParse(header.Traceparent, null, out var trace) ? trace.TraceId.ToString() : null,
            CreatedAt = header.CreatedAt,
            UpdatedAt = state.UpdatedAt,
            CompletedAt = state.EndedAt,
        };
    }

    private static List<StageResource> Stages(WorkflowDefinition definition, WorkflowState state, IReadOnlyList<StoredAttempt> attempts)
    {
        var byStage = attempts.ToLookup(attempt => attempt.Attempt.TaskId.Stage, StringComparer.Ordinal);
        return [.. definition.Stages.Select(stage => Stage(stage, state.Find(stage.Name) ?? new StageState { Name = stage.Name }, byStage[stage.Name]))];
    }

    private static StageResource Stage(StageDefinition definition, StageState state, IEnumerable<StoredAttempt> attempts)
    {
        StoredAttempt? current = null;
        Usage? usage = null;
        DateTimeOffset? startedAt = null;
        foreach (var attempt in attempts)
        {
            current = attempt.Attempt.TaskId.Attempt == state.Attempt ? attempt : current;
            usage = attempt.Usage is null ? usage : (usage ?? Usage.None).Plus(attempt.Usage);
            startedAt = attempt.StartedAt < startedAt || startedAt is null ? attempt.StartedAt ?? startedAt : startedAt;
        }

        var running = state.Status is StageStatus.Pending && current?.Attempt.Status is AttemptStatus.Running;
        return new StageResource
        {
            Name = definition.Name,
            Agent = definition.Agent,
            Status = running ? StageStatus.Running : state.Status,
            Needs = definition.Needs,
            Attempt = state.Attempt,
            Failures = state.Failures,
            AgentId = current?.Attempt.AgentId,
            Message = current?.Message,
            ProgressPercent = current?.ProgressPercent,
            Iteration = current?.Iteration,
            ApprovalPrompt = state.Status is StageStatus.AwaitingApproval ? state.ApprovalPrompt : null,
            ApprovalId = state.Status is StageStatus.AwaitingApproval ? state.Approval?.Id : null,
            Error = state.Error,
            StartedAt = startedAt,
            CompletedAt = state.EndedAt,
            NextAttemptAt = state.Status is StageStatus.Pending or StageStatus.Verifying && !running ? state.AvailableAt : null,
            Commit = state.Commit,
            Verified = state.Verified,
            Evidence = state.Evidence,
            VerifyingSince = state.Claim?.At,
            Usage = usage,
        };
    }
}
