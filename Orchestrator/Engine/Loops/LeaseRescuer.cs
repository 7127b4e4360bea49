using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Takes attempts away from agents that fell silent or are late, so that others can make them again.</summary>
internal sealed partial class LeaseRescuer(IWorkflowStore store, Committer committer, LeaseBuffer leases, TimeProvider time, IOptions<EngineOptions> options, ILogger<LeaseRescuer> logger)
    : PeriodicLoop(time, logger)
{
    private const int Page = 500;

    protected override TimeSpan Interval => options.Value.RescueInterval;

    public override async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = Time.GetUtcNow();
        var rescued = 0;
        foreach (var attempt in await store.ListOverdueAttemptsAsync(now, Page, cancellationToken).ConfigureAwait(false))
        {
            var id = attempt.TaskId;
            if (leases.IsAlive(id, now))
            {
                continue;
            }

            var late = attempt.Deadline <= now;
            WorkflowInput input = late ? new WorkflowInput.TimeOut(id.Stage, id.Attempt) { At = now } : new WorkflowInput.LoseLease(id.Stage, id.Attempt) { At = now };
            var result = await committer.SubmitAsync(new CommitItem(id.WorkflowId, input), cancellationToken).ConfigureAwait(false);
            if (result.Decision?.Verdict is Verdict.Applied)
            {
                rescued++;
                EngineMetrics.WasRescued(late);
                LogRescued(id.WorkflowId, id.Stage, id.Attempt, attempt.AgentId, late ? "its deadline passed" : "its lease expired");
            }
        }

        return rescued;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workflow {WorkflowId} stage {Stage} attempt {Attempt}: taken from agent {AgentId}, {Cause}")]
    private partial void LogRescued(WorkflowId workflowId, string stage, int attempt, AgentId? agentId, string cause);
}
