using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Stack.Engine;

/// <summary>Lets time act on workflows: approvals that expire, timeouts that pass.</summary>
internal sealed class TimerRunner(IWorkflowStore store, Committer committer, ClusterNode node, TimeProvider time, IOptions<EngineOptions> options, ILogger<TimerRunner> logger) : LeaderLoop(node, time, logger)
{
    protected override TimeSpan Interval => options.Value.TimerInterval;

    public override async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = Time.GetUtcNow();
        var due = await store.ListDueTimersAsync(now, 500, cancellationToken).ConfigureAwait(false);
        var results = await Task.WhenAll(due.Select(id => committer.SubmitAsync(new CommitItem(id, new WorkflowInput.Tick { At = now }), cancellationToken))).ConfigureAwait(false);
        return results.Count(result => result.Decision?.Verdict is Verdict.Applied);
    }
}
