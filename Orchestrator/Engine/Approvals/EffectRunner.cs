using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// Lets the orchestrator execute what was approved and is its own to execute, and records how that went. Whoever decides starts it at once; what a crash left behind is found by the leader's next pass.
/// </summary>
internal sealed partial class EffectRunner(
    IApprovalStore store, IApprovedEffects effects, Committer committer, ClusterNode node, TimeProvider time, IOptions<EngineOptions> options, ILogger<EffectRunner> logger) : LeaderLoop(node, time, logger)
{
    private const int Page = 100;
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<ApprovalId, (int Failures, DateTimeOffset NotBefore)> _failing = new();

    protected override TimeSpan Interval => options.Value.TimerInterval;

    public override async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var done = 0;
        foreach (var approval in await store.ListUnexecutedAsync(Page, cancellationToken).ConfigureAwait(false))
        {
            if (!_failing.TryGetValue(approval.Id, out var failing) || Time.GetUtcNow() >= failing.NotBefore)
            {
                done += await TryExecuteAsync(approval, cancellationToken).ConfigureAwait(false) ? 1 : 0;
            }
        }

        return done;
    }

    /// <summary>Executes what was approved, and records it.</summary>
    /// <returns>Whether it is recorded. False: it failed in a way that may pass, and is tried again.</returns>
    public async Task<bool> TryExecuteAsync(ApprovalRecord approval, CancellationToken cancellationToken)
    {
        try
        {
            var execution = await effects.ExecuteAsync(approval, cancellationToken).ConfigureAwait(false);
            var input = new WorkflowInput.RecordExecution(approval.Stage, approval.Id, execution) { At = Time.GetUtcNow() };
            await committer.SubmitAsync(new CommitItem(approval.WorkflowId, input), cancellationToken).ConfigureAwait(false);
            _failing.TryRemove(approval.Id, out _);
            LogExecuted(approval.WorkflowId, approval.Stage, approval.Id, approval.Question.Kind, execution.Succeeded, execution.Message);
            return true;
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            var failures = _failing.GetValueOrDefault(approval.Id).Failures + 1;
            var pause = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, Math.Min(failures, 10) - 1), s_longestPause.TotalSeconds));
            _failing[approval.Id] = (failures, Time.GetUtcNow() + pause);
            LogFailed(approval.WorkflowId, approval.Stage, approval.Id, approval.Question.Kind, pause, failure);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Workflow {WorkflowId} stage {Stage}: the effect of approval {ApprovalId} ({Kind}) was executed: {Succeeded}. {Result}")]
    private partial void LogExecuted(WorkflowId workflowId, string stage, ApprovalId approvalId, string kind, bool succeeded, string result);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workflow {WorkflowId} stage {Stage}: the effect of approval {ApprovalId} ({Kind}) could not be executed; it is tried again in {Pause}")]
    private partial void LogFailed(WorkflowId workflowId, string stage, ApprovalId approvalId, string kind, TimeSpan pause, Exception exception);
}
