using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Moves the branches of workspaces after the results that count are durable, in the order in which they counted. What a crash leaves behind is moved at the next start.</summary>
internal sealed partial class WorkspaceAdvancer(IWorkspaces workspaces, IWorkflowStore store, ClusterNode node, TimeProvider time, ILogger<WorkspaceAdvancer> logger) : BackgroundService
{
    private const int MaxTries = 3;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<(WorkflowId Id, string Head, IReadOnlyList<ReferenceUpdate> References)> _moves =
        Channel.CreateUnbounded<(WorkflowId, string, IReadOnlyList<ReferenceUpdate>)>(new UnboundedChannelOptions { SingleReader = true });

    public void Enqueue(WorkflowId id, string head, IReadOnlyList<ReferenceUpdate> references) => _moves.Writer.TryWrite((id, head, references));

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _moves.Writer.TryComplete();
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (ExecuteTask is { } running)
        {
            await running.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    public override void Dispose()
    {
        _stopping.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (id, head, references) in _moves.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            await MoveAsync(id, head, references).ConfigureAwait(false);
        }
    }

    // Tried again on the spot, not later: a head that comes after its successor would move the branch back.
    private async Task MoveAsync(WorkflowId id, string head, IReadOnlyList<ReferenceUpdate> references)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await AdvanceAsync(id, head, references).ConfigureAwait(false);
                return;
            }
            catch (Exception exception)
            {
                if (tries == MaxTries)
                {
                    // The commit itself is safe on the attempt's branch, and the store knows it as the head.
                    LogNotMoved(id, head, exception);
                    return;
                }
            }

            await PauseAsync(RetryDelay * tries).ConfigureAwait(false);
        }
    }

    // Among others the order of this queue is not that of all results: the branch goes to what the store says, until it says the same afterwards.
    private async Task AdvanceAsync(WorkflowId id, string head, IReadOnlyList<ReferenceUpdate> references)
    {
        var goal = node.HasPeers ? await StoredHeadAsync(id).ConfigureAwait(false) ?? head : head;
        while (true)
        {
            await workspaces.AdvanceAsync(id, goal, references, CancellationToken.None).ConfigureAwait(false);
            if (!node.HasPeers || await StoredHeadAsync(id).ConfigureAwait(false) is not { } stored || stored == goal)
            {
                return;
            }

            goal = stored;
        }
    }

    private async Task<string?> StoredHeadAsync(WorkflowId id) => await store.LoadAsync([id], CancellationToken.None).ConfigureAwait(false) is [var workflow] ? workflow.State.HeadCommit : null;

    private async Task PauseAsync(TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, time, _stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The host stops: what is left is tried without a pause.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The branch of workflow {WorkflowId} could not be moved to {Head}; it is tried again at the next start")]
    private partial void LogNotMoved(WorkflowId workflowId, string head, Exception exception);
}
