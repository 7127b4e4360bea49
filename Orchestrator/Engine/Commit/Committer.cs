using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// The one writer of an orchestrator: takes every input that is waiting, lets the pure core decide, and writes all of it in one transaction. Only then does anybody learn of it:
/// tasks are given out, results are acknowledged, callers answered. While one transaction is on its way to the disk the next batch gathers by itself.
/// </summary>
internal sealed partial class Committer : BackgroundService
{
    private const int MaxTries = 8;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private readonly IWorkflowStore _store;
    private readonly WorkflowCache _cache;
    private readonly LeaseBuffer _leases;
    private readonly CommitEffects _effects;
    private readonly ReadyQueue _ready;
    private readonly RecentEvents _recent;
    private readonly ClusterNode _node;
    private readonly EngineOptions _options;
    private readonly ILogger<Committer> _logger;
    private readonly TimeProvider _time;
    private readonly ITimer _linger;
    private readonly Channel<CommitItem> _mailbox;
    private readonly List<CommitItem> _again = [];
    private readonly HashSet<WorkflowId> _doubtful = [];
    private int _flushIsDue;

    public Committer(
        IWorkflowStore store, WorkflowCache cache, LeaseBuffer leases, CommitEffects effects, ReadyQueue ready, RecentEvents recent, ClusterNode node, TimeProvider time, IOptions<EngineOptions> options, ILogger<Committer> logger)
    {
        (_store, _cache, _leases, _effects, _ready, _recent, _node, _options, _logger) = (store, cache, leases, effects, ready, recent, node, options.Value, logger);
        _time = time;
        _mailbox = Channel.CreateBounded<CommitItem>(new BoundedChannelOptions(_options.MailboxCapacity) { SingleReader = true, AllowSynchronousContinuations = true });
        _linger = time.CreateTimer(_ => Flush(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _leases.OnFilled(() => _linger.Change(_options.LingerDuration, Timeout.InfiniteTimeSpan));
    }

    /// <summary>Hands in an input without waiting for room. Null: there is none.</summary>
    public Task<CommitResult>? TrySubmit(CommitItem item) => _mailbox.Writer.TryWrite(item) ? item.Task : null;

    /// <summary>Hands in an input. When the task ends, what it changed is durable. The token ends only the waiting.</summary>
    /// <exception cref="StoreUnavailableException">It may be stored or not; or the orchestrator is stopping, and it is not.</exception>
    public async Task<CommitResult> SubmitAsync(CommitItem item, CancellationToken cancellationToken)
    {
        try
        {
            if (!_mailbox.Writer.TryWrite(item))
            {
                await _mailbox.Writer.WriteAsync(item, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ChannelClosedException)
        {
            throw new StoreUnavailableException("The orchestrator is stopping. Try again when it is back.");
        }

        return await item.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _mailbox.Writer.TryComplete();
        if (ExecuteTask is { } running)
        {
            await running.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    public override void Dispose()
    {
        _linger.Dispose();
        base.Dispose();
    }

    // Ends when the mailbox is closed and empty, not by the token: everything that was taken in is answered.
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<CommitItem>(_options.MaxBatch);
        var pace = new BatchPace();
        while (_again.Count > 0 || await _mailbox.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            await pace.GatherAsync().ConfigureAwait(false);
            batch.AddRange(_again);
            _again.Clear();
            while (batch.Count < _options.MaxBatch && _mailbox.Reader.TryRead(out var item))
            {
                batch.Add(item);
            }

            var running = RunOnceAsync(batch);
            if (running.IsCompleted)
            {
                // Whoever handed in the first input may be what runs this, and has its own work to do.
                await Task.Yield();
            }

            await running.ConfigureAwait(false);
            pace.Took(batch.Count);
            batch.Clear();
        }

        Volatile.Write(ref _flushIsDue, 1);
        await RunOnceAsync([]).ConfigureAwait(false);
    }

    /// <summary>Decides and writes one batch; what has to be tried again is part of the next one.</summary>
    internal async Task RunOnceAsync(IReadOnlyList<CommitItem> items)
    {
        var started = Stopwatch.GetTimestamp();

        // What an attempt said is written no later than its end, so that the log reads in the order in which it happened.
        var flush = Interlocked.Exchange(ref _flushIsDue, 0) != 0 || _leases.HasNotes;
        CommitRound? round = null;
        HashSet<WorkflowId> outdated;
        CommitOutcome outcome;
        try
        {
            await TakeUpDoubtfulAsync().ConfigureAwait(false);
            round = await CommitRound.DecideAsync(items, _cache).ConfigureAwait(false);
            outdated = await FindOutdatedAsync(round).ConfigureAwait(false);
            var batch = BatchOf(round, flush);
            outcome = new CommitOutcome();
            if (batch.Workflows.Count + batch.Leases.Count + batch.Notes.Count > 0)
            {
                using var spans = CommitSpans.Begin(round);
                outcome = await _store.CommitAsync(batch, CancellationToken.None).ConfigureAwait(false);
                _recent.Add(batch, outcome);
                EngineMetrics.Committed(batch.Workflows.Count, Stopwatch.GetElapsedTime(started));
            }
        }
        catch (Exception exception)
        {
            // The boundary: whatever went wrong, every caller learns it, and the next batch begins from what the store says.
            await FailAsync(items, round, flush, exception).ConfigureAwait(false);
            return;
        }

        if (flush)
        {
            _leases.Written();
        }

        outdated.UnionWith(outcome.Conflicts);
        Conclude(round, outcome, outdated);
    }

    private void Flush()
    {
        Volatile.Write(ref _flushIsDue, 1);

        // When there is no room the committer is at work, and looks at the flag before its next batch.
        _mailbox.Writer.TryWrite(new CommitItem(default, null));
    }

    private CommitBatch BatchOf(CommitRound round, bool flush)
    {
        var (leases, notes) = flush ? _leases.Take() : ([], []);
        List<NoteWrite>? withStarts = null;
        foreach (var lease in leases)
        {
            // Attempts that begin and end in one transaction are not worth an event for their beginning.
            if (lease is { Status: AttemptStatus.Running, StartedAt: { } at } && !round.Ends(lease.TaskId))
            {
                (withStarts ??= []).Add(new NoteWrite { TaskId = lease.TaskId, Event = new AttemptStarted { At = at, Stage = lease.TaskId.Stage, Attempt = lease.TaskId.Attempt, AgentId = lease.AgentId } });
            }
        }

        withStarts?.AddRange(notes);
        return new CommitBatch { Node = _node.Number, Workflows = round.ToWrites(_ready), Leases = leases, Notes = withStarts ?? notes };
    }

    // A decision that changes something is checked by its commit. One that changes nothing may be owed to a state that another orchestrator has changed.
    private async Task<HashSet<WorkflowId>> FindOutdatedAsync(CommitRound round)
    {
        var unchanged = round.Drafts.Where(draft => !draft.HasChanges).ToDictionary(draft => draft.Workflow.Header.Id);
        if (unchanged.Count == 0)
        {
            return [];
        }

        var stored = await _cache.ReloadAsync(unchanged.Keys, CancellationToken.None).ConfigureAwait(false);
        return [.. unchanged.Where(pair => stored.GetValueOrDefault(pair.Key)?.State.Version > pair.Value.State.Version).Select(pair => pair.Key)];
    }

    private void Conclude(CommitRound round, CommitOutcome outcome, HashSet<WorkflowId> outdated)
    {
        var written = new List<CommitDraft>(round.Drafts.Count);
        foreach (var draft in round.Drafts)
        {
            var id = draft.Workflow.Header.Id;
            if (outcome.IdempotencyConflicts.Contains(id))
            {
                draft.Answer(CommitStatus.KeyUsed);
            }
            else if (outdated.Contains(id))
            {
                TryAgain(draft);
            }
            else
            {
                written.Add(draft);
                Publish(draft);
            }
        }

        try
        {
            _effects.Apply(written, outcome);
        }
        catch (Exception exception)
        {
            // It is durable, whatever became of its effects; they are made up for.
            LogEffectsFailed(exception);
            Doubt(written);
        }

        _again.AddRange(round.Later);
        written.ForEach(draft => draft.Answer(CommitStatus.Decided));
        round.HeadMoved.ForEach(moved => moved.Item.Complete(new CommitResult(CommitStatus.HeadMoved, null, moved.Workflow)));
    }

    private void Publish(CommitDraft draft)
    {
        if (!draft.HasChanges)
        {
            return;
        }

        draft.Publish();
        if (draft.State.End is null)
        {
            _cache.Put(draft.Workflow);
        }
        else
        {
            _cache.Remove(draft.Workflow.Header.Id);
        }
    }

    // Another orchestrator was faster: forget what we believed and decide again on what the store says.
    private void TryAgain(CommitDraft draft)
    {
        _cache.Remove(draft.Workflow.Header.Id);
        foreach (var (item, _) in draft.Items)
        {
            if (++item.Tries < MaxTries)
            {
                _again.Add(item);
            }
            else
            {
                item.Fail(new StoreUnavailableException($"Workflow {item.WorkflowId} changed {item.Tries} times while an input was applied. Try again."));
            }
        }
    }

    private async Task FailAsync(IReadOnlyList<CommitItem> items, CommitRound? round, bool flush, Exception exception)
    {
        _recent.Forget();
        foreach (var draft in round?.Drafts ?? [])
        {
            _cache.Remove(draft.Workflow.Header.Id);
        }

        if (flush && _leases.Return())
        {
            _linger.Change(RetryDelay, Timeout.InfiniteTimeSpan);
        }

        if (exception is not StoreUnavailableException && items.Select(item => item.WorkflowId).Distinct().Skip(1).Any())
        {
            // One workflow spoils the batch: each is tried on its own, and only the guilty one fails.
            Doubt(round?.Drafts ?? []);
            foreach (var group in items.Where(item => item.Input is not null).GroupBy(item => item.WorkflowId).ToList())
            {
                await RunOnceAsync([.. group]).ConfigureAwait(false);
            }

            return;
        }

        LogFailed(items.Count, exception);
        Doubt(round?.Drafts ?? []);
        var reported = exception as StoreUnavailableException ?? new StoreUnavailableException("The inputs could not be stored. " + exception.Message, exception);
        foreach (var item in items)
        {
            item.Fail(reported);
        }
    }

    private void Doubt(IEnumerable<CommitDraft> drafts)
    {
        _doubtful.UnionWith(drafts.Where(draft => draft.HasChanges).Select(draft => draft.Workflow.Header.Id));
        if (_doubtful.Count > 0)
        {
            _linger.Change(RetryDelay, Timeout.InfiniteTimeSpan);
        }
    }

    // A store that does not answer may have written all the same; then the attempts that began are in it, but nobody was told.
    private async Task TakeUpDoubtfulAsync()
    {
        if (_doubtful.Count == 0)
        {
            return;
        }

        _linger.Change(RetryDelay, Timeout.InfiniteTimeSpan);
        foreach (var workflow in (await _cache.LoadAsync(_doubtful, CancellationToken.None).ConfigureAwait(false)).Values)
        {
            var waiting = _effects.TakeUp(workflow);
            if (!_node.HasPeers)
            {
                _ready.Offer(waiting, _time.GetUtcNow());
            }
            else if (waiting.Count > 0)
            {
                // Some may be others' to offer, or under way at their agents: parked are only those that wait here, and whoever takes one offers it.
                foreach (var task in waiting)
                {
                    _ready.Withdraw(task.TaskId, task.AgentType);
                }

                await _store.ParkAsync(_node.Number, [.. waiting.Select(task => task.TaskId)], CancellationToken.None).ConfigureAwait(false);
            }
        }

        _doubtful.Clear();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A batch of {Count} inputs could not be committed; their callers were told")]
    private partial void LogFailed(int count, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "What follows from a batch that is stored failed in part; its workflows are taken up again")]
    private partial void LogEffectsFailed(Exception exception);
}
