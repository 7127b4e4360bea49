using System.Collections.Immutable;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Makes the task of an attempt from what the workflow is now.</summary>
internal sealed class EnvelopeBuilder(WorkflowCache cache, IWorkspaces workspaces, TimeProvider time)
{
    public async Task<TaskEnvelope> BuildAsync(HotWorkflow workflow, TaskId taskId, TimeSpan? lease, CancellationToken cancellationToken)
    {
        var (header, definition, state) = (workflow.Header, workflow.Definition, workflow.State);
        var stage = workflow.DefinitionOf(taskId.Stage);
        var now = time.GetUtcNow();
        var standing = state.Find(taskId.Stage)!;
        var outputs = stage.Needs.Count == 0 ? ImmutableDictionary<string, JsonPayload>.Empty : await cache.OutputsAsync(workflow, cancellationToken).ConfigureAwait(false);
        return new TaskEnvelope
        {
            TaskId = taskId,
            Traceparent = header.Traceparent,
            AgentType = stage.Agent,
            Priority = header.Priority,
            CreatedAt = now,
            Deadline = now + stage.Timeout,
            LeaseMs = (long?)lease?.TotalMilliseconds,
            RetryCount = standing.Failures,
            MaxRetries = stage.Retry.MaxAttempts - 1,
            MaxIterations = stage.MaxIterations,
            ExtraIterations = standing.ExtraIterations,
            Payload = stage.With,
            Workspace = stage.Workspace ? workspaces.Describe(taskId, state.HeadCommit) : null,
            Approval = standing.Decision,
            Accept = stage.Accept,
            PreviousError = standing.Error,
            WorkflowContext = new WorkflowContext
            {
                WorkflowType = header.Type,
                WorkflowName = header.Name,
                Definition = header.DefinitionName,
                Requirements = header.Requirements,
                Input = header.Input,
                CurrentStage = taskId.Stage,
                PreviousStage = stage.Needs.Count == 0 ? null : stage.Needs[^1],
                StageOutputs = outputs.Count == 0 ? outputs : OutputsFor(definition, stage, outputs),
            },
        };
    }

    private static ImmutableDictionary<string, JsonPayload> OutputsFor(WorkflowDefinition definition, StageDefinition stage, ImmutableDictionary<string, JsonPayload> outputs)
    {
        var needed = StageGraph.Of(definition).AncestorsOf(stage.Name);
        return outputs.Keys.All(needed.Contains) ? outputs : outputs.RemoveRange(outputs.Keys.Where(name => !needed.Contains(name)));
    }
}
