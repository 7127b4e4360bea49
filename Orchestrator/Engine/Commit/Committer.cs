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
    private readonly IWorkflowStore _store;
    private readonly WorkflowCache _cache;
    private readonly LeaseBuffer _leases;
    private readonly CommitEffects _effects;
    private readonly EngineOptions _options;
    private readonly ILogger<Committer> _logger;
    private readonly ITimer _linger;
    private readonly Channel<CommitItem> _mailbox;

    public Committer(IWorkflowStore store, WorkflowCache cache, LeaseBuffer leases, CommitEffects effects, TimeProvider time, IOptions<EngineOptions> options, ILogger<Committer> logger)
    {
        (_store, _cache, _leases, _effects, _options, _logger) = (store, cache, leases, effects, options.Value, logger);
        _mailbox = Channel.CreateBounded<CommitItem>(new BoundedChannelOptions(_options.MailboxCapacity) { SingleReader = true });
        _linger = time.CreateTimer(_ => _mailbox.Writer.TryWrite(new CommitItem(default, null)), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _leases.OnFilled(() => _linger.Change(_options.LingerDuration, Timeout.InfiniteTimeSpan));
    }

    /// <summary>Hands in an input without waiting for room. Null: there is none.</summary>
    public Task<CommitResult>? TrySubmit(CommitItem item) => _mailbox.Writer.TryWrite(item) ? item.Task : null;

    /// <summary>Hands in an input. When the task ends, what it changed is durable. The token ends only the waiting.</summary>
    public async Task<CommitResult> SubmitAsync(CommitItem item, CancellationToken cancellationToken)
    {
        if (!_mailbox.Writer.TryWrite(item))
        {
            await _mailbox.Writer.WriteAsync(item, cancellationToken).ConfigureAwait(false);
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
        while (await _mailbox.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            while (batch.Count < _options.MaxBatch && _mailbox.Reader.TryRead(out var item))
            {
                batch.Add(item);
            }

            await RunOnceAsync(batch).ConfigureAwait(false);
            batch.Clear();
        }

        await RunOnceAsync([new CommitItem(default, null)]).ConfigureAwait(false);
    }

    /// <summary>Decides and writes one batch.</summary>
    internal async Task RunOnceAsync(IReadOnlyList<CommitItem> items)
    {
        var started = Stopwatch.GetTimestamp();
        Dictionary<WorkflowId, CommitDraft>? drafts = null;
        (IReadOnlyList<LeaseWrite> leases, IReadOnlyList<NoteWrite> notes) = ([], []);
        try
        {
            drafts = await DecideAsync(items).ConfigureAwait(false);
            (leases, notes) = items.Any(item => item.Input is null) ? _leases.Take() : ([], []);
            var writes = new List<WorkflowWrite>(drafts.Count);
            foreach (var draft in drafts.Values)
            {
                if (draft.HasChanges)
                {
                    writes.Add(draft.ToWrite());
                }
            }

            var outcome = new CommitOutcome();
            if (writes.Count + leases.Count + notes.Count > 0)
            {
                outcome = await _store.CommitAsync(new CommitBatch { Workflows = writes, Leases = leases, Notes = notes }, CancellationToken.None).ConfigureAwait(false);
                EngineMetrics.Committed(writes.Count, Stopwatch.GetElapsedTime(started));
            }

            Conclude(drafts, outcome);
        }
        catch (Exception exception)
        {
            // The boundary: whatever went wrong, every caller learns it, and the next batch begins from what the store says.
            _leases.Return(leases, notes);
            Fail(items, drafts, exception);
        }
    }

    private async Task<Dictionary<WorkflowId, CommitDraft>> DecideAsync(IReadOnlyList<CommitItem> items)
    {
        var missing = items.Where(item => item is { Input: not null, Submission: null } && _cache.TryGet(item.WorkflowId) is null).Select(item => item.WorkflowId).ToHashSet();
        if (missing.Count > 0)
        {
            await _cache.LoadAsync(missing, CancellationToken.None).ConfigureAwait(false);
        }

        var drafts = new Dictionary<WorkflowId, CommitDraft>(items.Count);
        foreach (var item in items)
        {
            if (item.Input is null)
            {
                continue;
            }

            if (!drafts.TryGetValue(item.WorkflowId, out var draft))
            {
                var workflow = item.Submission is { } submission ? Begin(submission) : _cache.TryGet(item.WorkflowId);
                if (workflow is null)
                {
                    item.Complete(new CommitResult(CommitStatus.NotFound, null, null));
                    continue;
                }

                drafts.Add(item.WorkflowId, draft = new CommitDraft(workflow, item.Submission));
            }

            if (item.ChecksHead && !string.Equals(item.ExpectedHead, draft.State.HeadCommit, StringComparison.Ordinal))
            {
                item.Complete(new CommitResult(CommitStatus.HeadMoved, null, draft.Workflow));
                continue;
            }

            draft.Add(item);
        }

        return drafts;
    }

    private static HotWorkflow Begin(WorkflowSubmission submission) =>
        new(submission.Header, submission.Definition, WorkflowEvents.Initial(submission.Header.Id, submission.Definition), System.Collections.Immutable.ImmutableDictionary<string, JsonPayload>.Empty);

    private void Conclude(Dictionary<WorkflowId, CommitDraft> drafts, CommitOutcome outcome)
    {
        var written = new List<CommitDraft>(drafts.Count);
        foreach (var draft in drafts.Values)
        {
            if (outcome.IdempotencyConflicts.Contains(draft.Workflow.Header.Id))
            {
                Answer(draft, CommitStatus.KeyUsed);
            }
            else if (outcome.Conflicts.Contains(draft.Workflow.Header.Id))
            {
                TryAgain(draft);
            }
            else
            {
                written.Add(draft);
            }
        }

        foreach (var draft in written)
        {
            draft.Publish();
            if (draft.State.End is not null)
            {
                _cache.Remove(draft.Workflow.Header.Id);
            }
            else
            {
                _cache.Add(draft.Workflow);
            }
        }

        _effects.Apply(written, outcome.LastEventId);
        foreach (var draft in written)
        {
            Answer(draft, CommitStatus.Decided);
        }
    }

    private static void Answer(CommitDraft draft, CommitStatus status)
    {
        foreach (var (item, decision) in draft.Items)
        {
            item.Complete(new CommitResult(status, decision, draft.Workflow));
        }
    }

    // Another orchestrator was faster: forget what we believed and decide again on what the store says.
    private void TryAgain(CommitDraft draft)
    {
        _cache.Remove(draft.Workflow.Header.Id);
        foreach (var (item, _) in draft.Items)
        {
            if (++item.Tries >= MaxTries || !_mailbox.Writer.TryWrite(item))
            {
                item.Fail(new StoreUnavailableException($"Workflow {item.WorkflowId} changed {item.Tries} times while an input was applied. Try again."));
            }
        }
    }

    private void Fail(IReadOnlyList<CommitItem> items, Dictionary<WorkflowId, CommitDraft>? drafts, Exception exception)
    {
        foreach (var id in drafts?.Keys ?? Enumerable.Empty<WorkflowId>())
        {
            _cache.Remove(id);
        }

        LogFailed(items.Count, exception);
        var reported = exception as StoreUnavailableException ?? new StoreUnavailableException("The inputs could not be stored. " + exception.Message, exception);
        foreach (var item in items)
        {
            item.Fail(reported);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A batch of {Count} inputs could not be committed; their callers were told")]
    private partial void LogFailed(int count, Exception exception);
}
