using System.Threading.Channels;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Follows a workflow until it is over or waits for a person. Events tell that something changed; the workflow itself tells what it is now.</summary>
internal sealed class WorkflowFollower(ApiClient api, TimeProvider time, ReconnectPolicy policy)
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(125);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(250);
    private long _last;

    /// <summary>Whether nothing happens any more unless a person asks for it.</summary>
    public static bool IsTerminal(WorkflowStatus status) =>
        status is WorkflowStatus.Completed or WorkflowStatus.Failed or WorkflowStatus.Canceled or WorkflowStatus.Exhausted;

    /// <summary>Shows every event that was not shown yet, and goes on until the workflow is over or waits for a person. Can be called again after a decision.</summary>
    /// <returns>The workflow as it is then.</returns>
    public async Task<WorkflowResource> FollowAsync(WorkflowId id, IProgressView view, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var events = Channel.CreateBounded<EventResource>(new BoundedChannelOptions(1024) { SingleReader = true, SingleWriter = true });
        var pump = PumpAsync(new EventStream(api, time, policy, view.Remark), id, events.Writer, stop.Token);
        try
        {
            return await WatchAsync(id, events.Reader, view, cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            await pump;
        }
    }

    private async Task PumpAsync(EventStream stream, WorkflowId id, ChannelWriter<EventResource> events, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var happened in stream.ReadAsync(id, _last, cancellationToken))
            {
                await events.WriteAsync(happened, cancellationToken);
            }

            events.Complete();
        }
        catch (Exception failure)
        {
            // Whoever reads the channel gets it.
            events.Complete(failure);
        }
    }

    private async Task<WorkflowResource> WatchAsync(WorkflowId id, ChannelReader<EventResource> events, IProgressView view, CancellationToken cancellationToken)
    {
        var workflow = await GetAsync(id, cancellationToken);
        view.Show(workflow);
        var isStale = false;
        var changedAt = time.GetTimestamp();
        Task<bool>? more = null;
        while (true)
        {
            more ??= events.WaitToReadAsync(cancellationToken).AsTask();
            if (await Task.WhenAny(more, Task.Delay(Beat, time, cancellationToken)) == more)
            {
                if (!await more)
                {
                    return await EndAsync(id, view, cancellationToken);
                }

                more = null;
                isStale |= ShowAll(events, view);
                changedAt = time.GetTimestamp();
            }

            cancellationToken.ThrowIfCancellationRequested();
            view.Tick();
            if (isStale && await RefreshAsync(id, cancellationToken) is { } current)
            {
                workflow = current;
                isStale = false;
                view.Show(workflow);
            }

            var mayBeSettled = !isStale && (workflow.Status == WorkflowStatus.Waiting || IsTerminal(workflow.Status)) && time.GetElapsedTime(changedAt) > Quiet;
            if (mayBeSettled && await IsCaughtUpAsync(id, cancellationToken))
            {
                return workflow;
            }
        }
    }

    private bool ShowAll(ChannelReader<EventResource> events, IProgressView view)
    {
        var isStale = false;
        while (events.TryRead(out var happened))
        {
            _last = happened.Id;
            view.Show(happened);
            isStale |= happened.Type is not "stage.log" && (view.NeedsEveryPicture || happened.Type is not "stage.progress");
        }

        return isStale;
    }

    private async Task<WorkflowResource> EndAsync(WorkflowId id, IProgressView view, CancellationToken cancellationToken)
    {
        var workflow = await GetAsync(id, cancellationToken);
        view.Show(workflow);
        return workflow;
    }

    // An orchestrator that answers and cannot say it now, since its store is away, is asked again as long as the stream would be.
    private async Task<WorkflowResource> GetAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        for (var failures = 1; ; failures++)
        {
            try
            {
                return await api.GetWorkflowAsync(id, cancellationToken);
            }
            catch (ApiProblemException refusal) when (refusal.IsTransient && time.GetElapsedTime(began) < policy.GiveUpAfter)
            {
                await Task.Delay(policy.DelayAfter(failures), time, cancellationToken);
            }
        }
    }

    /// <summary>Null: not now. The event stream waits for an orchestrator that is away, and gives up when it is time.</summary>
    private async Task<WorkflowResource?> RefreshAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        try
        {
            return await api.GetWorkflowAsync(id, cancellationToken);
        }
        catch (ServerUnreachableException)
        {
            return null;
        }
        catch (ApiProblemException refusal) when (refusal.IsTransient)
        {
            return null;
        }
    }

    private async Task<bool> IsCaughtUpAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        try
        {
            return (await api.ListEventsAsync(id, _last, 1, cancellationToken)).Events.Count == 0;
        }
        catch (ServerUnreachableException)
        {
            return false;
        }
        catch (ApiProblemException refusal) when (refusal.IsTransient)
        {
            return false;
        }
    }
}
