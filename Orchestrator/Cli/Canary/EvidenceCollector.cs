using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Gathers the evidence of a run that is over, page by page.</summary>
/// <param name="api">The orchestrator.</param>
/// <param name="data">The data folder, where the ledgers are.</param>
/// <param name="patience">The clock.</param>
internal sealed class EvidenceCollector(ApiClient api, string data, Patience patience)
{
    private const int PageSize = 500;
    private const int EventPageSize = 1000;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(60);

    /// <summary>Gathers it.</summary>
    /// <param name="workload">What was submitted.</param>
    /// <param name="began">When the run began.</param>
    /// <param name="firstEvent">The last event before the run.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Evidence> CollectAsync(CanaryWorkload workload, DateTimeOffset began, long firstEvent, CancellationToken cancellationToken)
    {
        var workflows = await WorkflowsAsync(workload, cancellationToken);
        var ours = workflows.Select(workflow => workflow.Id).Concat(workload.Accepted.Keys).ToHashSet();
        var deadLetters = await patience.AnswerAsync(token => api.ListDeadLettersAsync(PageSize, token), AnswerLimit, cancellationToken);
        return new Evidence
        {
            Accepted = new Dictionary<WorkflowId, CanaryInput>(workload.Accepted),
            Workflows = workflows,
            Attempts = await AttemptsAsync(ours, cancellationToken),
            Events = await EventsAsync(ours, firstEvent, cancellationToken),
            Ledger = CanaryLedger.Read(data, ours.Contains),
            DeadLetters = [.. deadLetters.DeadLetters.Where(letter => letter.TaskId is not { } task || ours.Contains(task.WorkflowId))],
            BareRefusals = workload.BareRefusals,
            Began = began,
            Gathered = patience.Time.GetUtcNow(),
        };
    }

    private async Task<List<WorkflowResource>> WorkflowsAsync(CanaryWorkload workload, CancellationToken cancellationToken)
    {
        var found = new List<WorkflowResource>();
        var oldest = workload.Accepted.Count == 0 ? default : workload.Accepted.Keys.Min();
        string? cursor = null;
        do
        {
            var after = cursor;
            var page = await patience.AnswerAsync(
                token => api.ListWorkflowsAsync(new WorkflowFilter(Definition: CanaryDefinition.Name), PageSize, after, token), AnswerLimit, cancellationToken);
            found.AddRange(page.Workflows.Where(workflow => workflow.Name.StartsWith(workload.Prefix, StringComparison.Ordinal)));
            cursor = page.Workflows.Count > 0 && page.Workflows[^1].Id < oldest ? null : page.NextCursor;
        }
        while (cursor is not null);
        return found;
    }

    private async Task<List<TaskResource>> AttemptsAsync(HashSet<WorkflowId> ours, CancellationToken cancellationToken)
    {
        var found = new List<TaskResource>();
        var oldest = ours.Count == 0 ? default : ours.Min();
        string? cursor = null;
        do
        {
            var after = cursor;
            var page = await patience.AnswerAsync(token => api.ListTasksAsync(CanaryFiles.AgentType, null, PageSize, after, token), AnswerLimit, cancellationToken);
            found.AddRange(page.Tasks.Where(task => ours.Contains(task.WorkflowId)));
            cursor = page.Tasks.Count > 0 && page.Tasks[^1].WorkflowId < oldest ? null : page.NextCursor;
        }
        while (cursor is not null);
        return found;
    }

    private async Task<List<EventResource>> EventsAsync(HashSet<WorkflowId> ours, long after, CancellationToken cancellationToken)
    {
        var found = new List<EventResource>();
        while (true)
        {
            var begin = $"{after}";
            var page = await patience.AnswerAsync(token => api.ListEventsAsync(begin, EventPageSize, token), AnswerLimit, cancellationToken);
            found.AddRange(page.Events.Where(happened => ours.Contains(happened.WorkflowId)));
            if (page.Events.Count < EventPageSize)
            {
                return found;
            }

            after = page.LastEventId;
        }
    }
}
