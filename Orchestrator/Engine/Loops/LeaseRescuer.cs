using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Takes attempts away from agents that fell silent or are late, so that others can make them again.</summary>
internal sealed partial class LeaseRescuer(IWorkflowStore store, Committer committer, LeaseBuffer leases, AttemptHolders holders, ClusterNode node, TimeProvider time, IOptions<EngineOptions> options, ILogger<LeaseRescuer> logger)
    : LeaderLoop(node, time, logger)
{
    private const int Page = 500;
    private static readonly TimeSpan Backward = TimeSpan.FromSeconds(1);
    private DateTimeOffset _resumedAt = DateTimeOffset.MinValue;

    protected override TimeSpan Interval => options.Value.RescueInterval;

    public override async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = Node.Now;
        var overdue = await store.ListOverdueAttemptsAsync(now, Page, cancellationToken).ConfigureAwait(false);
        holders.Forget(Time.GetUtcNow() - (2 * options.Value.LeaseDuration));
        var rescued = await Task.WhenAll(overdue.Select(attempt => RescueAsync(attempt, now, cancellationToken))).ConfigureAwait(false);
        return rescued.Count(done => done);
    }

    /// <summary>
    /// After a time in which agents could reach nobody: gives all leases a fresh start. Attempts from before are not late for as long, so that results that wait at their agents still count.
    /// </summary>
    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        _resumedAt = Node.Now;
        await store.RestartLeasesAsync(_resumedAt + options.Value.LeaseDuration, cancellationToken).ConfigureAwait(false);
    }

    // When the loop itself was held up, so were the heartbeats; and a new leader cannot know what held up the last one.
    protected override async Task PrepareAsync(TimeSpan since, bool took, CancellationToken cancellationToken)
    {
        if (since > Interval + (options.Value.LeaseDuration / 3))
        {
            LogHeldUp(since);
            await ResumeAsync(cancellationToken).ConfigureAwait(false);
        }
        else if (since < -Backward)
        {
            // Leases from before would outlive agents that are dead by as much.
            LogSetBack(-since);
            await ResumeAsync(cancellationToken).ConfigureAwait(false);
        }
        else if (took && Node.Now >= _resumedAt + options.Value.LeaseDuration)
        {
            await ResumeAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<bool> RescueAsync(ActiveAttempt attempt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var id = attempt.TaskId;
        var late = attempt.Deadline <= now && (attempt.CreatedAt >= _resumedAt || now >= _resumedAt + options.Value.LeaseDuration);
        if (!late && (leases.IsAlive(id, now) || attempt.LeaseExpiresAt > now))
        {
            return false;
        }

        var at = Time.GetUtcNow();
        WorkflowInput input = late ? new WorkflowInput.TimeOut(id.Stage, id.Attempt) { At = at } : new WorkflowInput.LoseLease(id.Stage, id.Attempt) { At = at };
        var result = await committer.SubmitAsync(new CommitItem(id.WorkflowId, input), cancellationToken).ConfigureAwait(false);
        if (result.Decision?.Verdict is not Verdict.Applied)
        {
            return false;
        }

        EngineMetrics.WasRescued(late);
        LogRescued(id.WorkflowId, id.Stage, id.Attempt, attempt.AgentId, late ? "its deadline passed" : "its lease expired");
        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workflow {WorkflowId} stage {Stage} attempt {Attempt}: taken from agent {AgentId}, {Cause}")]
    private partial void LogRescued(WorkflowId workflowId, string stage, int attempt, AgentId? agentId, string cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The last look at leases was {Since} ago; all get a fresh one")]
    private partial void LogHeldUp(TimeSpan since);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The clock of this machine was set back by {By}; all leases get a fresh start")]
    private partial void LogSetBack(TimeSpan by);
}
