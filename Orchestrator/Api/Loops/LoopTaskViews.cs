using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Definitions;

namespace Stack.Orchestrator.Api.Loops;

/// <summary>Shows workflows of type <c>task</c> as tasks. How many iterations counted is read from the journal, not from what agents say on the way.</summary>
internal sealed class LoopTaskViews(IWorkflowStore store, DefinitionCatalog catalog)
{
    /// <summary>The agent type whose stage is the loop.</summary>
    public const string Agent = "loop";

    private const int MostTasks = 1000;
    private const int MostRead = 20;
    private const int PromptLength = 200;

    /// <summary>Finds a task. Null: there is none of that id.</summary>
    public async Task<StoredWorkflow?> FindAsync(string id, CancellationToken cancellationToken) =>
        WorkflowId.TryParse(id, null, out var workflowId) && await store.LoadAsync([workflowId], cancellationToken) is [{ Header.Type: LoopTasks.WorkflowType } workflow] ? workflow : null;

    /// <summary>Shows one.</summary>
    public async Task<LoopTask> ShowAsync(StoredWorkflow workflow, CancellationToken cancellationToken)
    {
        var loop = await LoopOfAsync(workflow, cancellationToken);
        var iteration = await CountAsync(workflow.Header.Id, loop.Name, cancellationToken);
        var attempt = loop.Attempt > 0 ? await store.FindAttemptAsync(new TaskId(workflow.Header.Id, loop.Name, loop.Attempt), cancellationToken) : null;
        var status = StatusOf(workflow, loop, iteration, attempt?.StartedAt is not null);
        var asking = workflow.State.Stages.FirstOrDefault(stage => stage.Status is StageStatus.AwaitingApproval);
        return new LoopTask
        {
            TaskId = workflow.Header.Id,
            Status = status,
            Prompt = workflow.Header.Requirements.Length > PromptLength ? workflow.Header.Requirements[..PromptLength] + "…" : workflow.Header.Requirements,
            Iteration = iteration,
            Backend = BackendOf(workflow.Header.Input),
            AwaitingApproval = asking is not null,
            Message = asking?.ApprovalPrompt ?? WaitReason.OfState(workflow.State) ?? attempt?.Message,
            Error = workflow.State.Error?.Message,
            ErrorCode = workflow.State.Error?.Code,
            CreatedAt = workflow.Header.CreatedAt,
            StartedAt = loop.QueuedAt,
            LastUpdate = workflow.State.UpdatedAt,
            CompletedAt = workflow.State.EndedAt,
        };
    }

    /// <summary>What a task made so far.</summary>
    public async Task<LoopTaskResult> ResultAsync(StoredWorkflow workflow, CancellationToken cancellationToken)
    {
        var loop = await LoopOfAsync(workflow, cancellationToken);
        var history = await HistoryAsync(workflow.Header.Id, loop.Name, cancellationToken);
        var attempt = loop.Attempt > 0 ? await store.FindAttemptAsync(new TaskId(workflow.Header.Id, loop.Name, loop.Attempt), cancellationToken) : null;
        var attempts = await store.ListAttemptsAsync(new AttemptQuery { WorkflowId = workflow.Header.Id, Limit = MostTasks }, cancellationToken);
        return new LoopTaskResult
        {
            TaskId = workflow.Header.Id,
            Status = StatusOf(workflow, loop, history.Count, attempt?.StartedAt is not null),
            CompletionReason = workflow.State.End is WorkflowStatus.Completed ? "success" : workflow.State.End is WorkflowStatus.Canceled ? "stopped" : workflow.State.End is null ? null : workflow.State.Error?.Code,
            Iterations = history.Count,
            Productive = history.Count(record => record.Class is FailureClass.Productive),
            Commit = loop.Commit ?? attempt?.Commit ?? (history.Count > 0 ? history[^1].Commit : null),
            Output = attempt?.Output,
            Error = workflow.State.Error,
            Usage = attempts.Aggregate(Usage.None, (sum, one) => one.Usage is null ? sum : sum.Plus(one.Usage)),
            History = history,
        };
    }

    /// <summary>How the newest tasks went.</summary>
    public async Task<LoopStats> StatsAsync(bool enabled, CancellationToken cancellationToken)
    {
        var workflows = await store.ListAsync(new WorkflowQuery { Type = LoopTasks.WorkflowType, Limit = MostTasks }, cancellationToken);
        var attempts = await store.ListAttemptsAsync(new AttemptQuery { AgentType = Agent, Limit = MostTasks }, cancellationToken);
        var iterations = attempts.GroupBy(attempt => attempt.Attempt.TaskId.WorkflowId).ToDictionary(group => group.Key, group => group.Max(attempt => attempt.Iteration ?? 0));
        var began = workflows.Select(workflow => iterations.GetValueOrDefault(workflow.Header.Id)).Where(count => count > 0).ToList();
        var productive = new List<int>();
        foreach (var workflow in workflows.Where(workflow => workflow.State.End is WorkflowStatus.Completed).Take(MostRead))
        {
            productive.Add((await HistoryAsync(workflow.Header.Id, (await LoopOfAsync(workflow, cancellationToken)).Name, cancellationToken)).Count(record => record.Class is FailureClass.Productive));
        }

        var open = workflows.Where(workflow => workflow.State.End is null).ToList();
        var failed = workflows.Where(workflow => workflow.State.End is WorkflowStatus.Failed).ToList();
        return new LoopStats
        {
            Total = workflows.Count,
            Queued = open.Count(workflow => iterations.GetValueOrDefault(workflow.Header.Id) == 0),
            Running = open.Count(workflow => iterations.GetValueOrDefault(workflow.Header.Id) > 0),
            Completed = workflows.Count(workflow => workflow.State.End is WorkflowStatus.Completed),
            Failed = failed.Count(workflow => workflow.State.Error?.Class is not FailureClass.Rejected),
            Rejected = failed.Count(workflow => workflow.State.Error?.Class is FailureClass.Rejected),
            Stopped = workflows.Count(workflow => workflow.State.End is WorkflowStatus.Canceled),
            Exhausted = workflows.Count(workflow => workflow.State.End is WorkflowStatus.Exhausted),
            TotalIterations = began.Sum(),
            AverageIterations = began.Count == 0 ? 0 : began.Average(),
            AverageProductiveIterations = productive.Count == 0 ? 0 : productive.Average(),
            LoopEnabled = enabled,
        };
    }

    /// <summary>The statuses of workflows among which tasks of a status are. Null: several.</summary>
    public static WorkflowStatus? WorkflowStatusOf(LoopTaskStatus status) => status switch
    {
        LoopTaskStatus.Completed => WorkflowStatus.Completed,
        LoopTaskStatus.Stopped => WorkflowStatus.Canceled,
        LoopTaskStatus.Rejected or LoopTaskStatus.Failed => WorkflowStatus.Failed,
        LoopTaskStatus.Exhausted => WorkflowStatus.Exhausted,
        _ => null,
    };

    private static LoopTaskStatus StatusOf(StoredWorkflow workflow, StageState loop, int iteration, bool started) => workflow.State.End switch
    {
        WorkflowStatus.Completed => LoopTaskStatus.Completed,
        WorkflowStatus.Canceled => LoopTaskStatus.Stopped,
        WorkflowStatus.Exhausted => LoopTaskStatus.Exhausted,
        WorkflowStatus.Failed => workflow.State.Error?.Class is FailureClass.Rejected ? LoopTaskStatus.Rejected : LoopTaskStatus.Failed,
        _ => iteration > 0 || (started && loop.Status is StageStatus.Pending) ? LoopTaskStatus.Running : LoopTaskStatus.Queued,
    };

    private async Task<StageState> LoopOfAsync(StoredWorkflow workflow, CancellationToken cancellationToken)
    {
        var definition = await catalog.PinnedAsync(workflow.Header.DefinitionVersion, cancellationToken);
        var name = (definition.Stages.FirstOrDefault(stage => stage.Agent == Agent) ?? definition.Stages[^1]).Name;
        return workflow.State.Find(name) ?? new StageState { Name = name };
    }

    private async Task<List<IterationRecord>> HistoryAsync(WorkflowId id, string stage, CancellationToken cancellationToken)
    {
        var records = new List<IterationRecord>();
        while (await store.FindStepAsync(IterationRecord.KeyOf(id, stage, records.Count + 1), cancellationToken) is { } record)
        {
            records.Add(record.To<IterationRecord>()!);
        }

        return records;
    }

    // There are no gaps, so the last one is found by halving.
    private async Task<int> CountAsync(WorkflowId id, string stage, CancellationToken cancellationToken)
    {
        var (least, most) = (0, 1);
        while (await IsThereAsync(most))
        {
            (least, most) = (most, most * 2);
        }

        while (most - least > 1)
        {
            var middle = (least + most) / 2;
            (least, most) = await IsThereAsync(middle) ? (middle, most) : (least, middle);
        }

        return least;

        async Task<bool> IsThereAsync(int number) => await store.FindStepAsync(IterationRecord.KeyOf(id, stage, number), cancellationToken) is not null;
    }

    private static string? BackendOf(JsonPayload? input) =>
        input?.ToElement() is { ValueKind: JsonValueKind.Object } fields && fields.TryGetProperty("task", out var task) && task.ValueKind is JsonValueKind.Object
        && task.TryGetProperty("backend", out var backend) && backend.ValueKind is JsonValueKind.String
            ? backend.GetString()
            : null;
}
