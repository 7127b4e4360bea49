using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// Has the claims of stages with checks checked, a few at once, and hands in the verdicts. The leader does it, so that a claim is checked once; when two believe that they lead, the first verdict
/// counts. Whatever was under way when a process died is checked again by the next leader, which finds it in the store.
/// </summary>
internal sealed partial class ClaimVerifier : LeaderLoop
{
    private const int Page = 1000;
    private readonly IWorkflowStore _store;
    private readonly WorkflowCache _cache;
    private readonly ClaimBoard _board;
    private readonly ClaimSettler _settler;
    private readonly IClaimVerifier _verifier;
    private readonly LeaseBuffer _notes;
    private readonly ClusterNode _node;
    private readonly EngineOptions _options;
    private readonly ILogger<ClaimVerifier> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly HashSet<Task> _tasks = [];
    private bool _looks = true;

    public ClaimVerifier(
        IWorkflowStore store, WorkflowCache cache, ClaimBoard board, ClaimSettler settler, IClaimVerifier verifier, LeaseBuffer notes, ClusterNode node, TimeProvider time, IOptions<EngineOptions> options, ILogger<ClaimVerifier> logger)
        : base(node, time, logger)
    {
        (_store, _cache, _board, _settler, _verifier, _notes, _node, _options, _logger) = (store, cache, board, settler, verifier, notes, node, options.Value, logger);
        _board.OnPosted(Wake);
    }

    protected override TimeSpan Interval => _options.VerificationInterval;

    /// <summary>Begins what can begin.</summary>
    /// <returns>How many verifications began.</returns>
    public override async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        // Alone, everything that comes is posted; with others, claims are committed elsewhere, too.
        if (_looks || _node.HasPeers)
        {
            _looks = await LookAsync(cancellationToken).ConfigureAwait(false) == Page;
        }

        _tasks.RemoveWhere(task => task.IsCompleted);
        var began = 0;
        foreach (var claim in _board.Waiting())
        {
            began += await TryBeginAsync(claim, cancellationToken).ConfigureAwait(false) ? 1 : 0;
        }

        return began;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_tasks).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public override void Dispose()
    {
        _stopping.Dispose();
        base.Dispose();
    }

    protected override Task PrepareAsync(TimeSpan since, bool took, CancellationToken cancellationToken)
    {
        _looks |= took;
        return Task.CompletedTask;
    }

    protected override Task<bool> PrepareAsync(TimeSpan since, CancellationToken cancellationToken)
    {
        if (!_node.Leads)
        {
            _board.Forget();
        }

        return base.PrepareAsync(since, cancellationToken);
    }

    // A full page: there may be more, which are looked for again.
    private async Task<int> LookAsync(CancellationToken cancellationToken)
    {
        var attempts = await _store.ListAttemptsAsync(new AttemptQuery { Status = AttemptStatus.Verifying, Limit = Page }, cancellationToken).ConfigureAwait(false);
        foreach (var attempt in attempts)
        {
            _board.Post(attempt.Attempt.TaskId);
        }

        var running = _board.Running();
        if (running.Count == 0)
        {
            return attempts.Count;
        }

        var workflows = await _cache.RefreshAsync([.. running.Select(claim => claim.WorkflowId).Distinct()], cancellationToken).ConfigureAwait(false);
        foreach (var claim in running.Where(claim => workflows.GetValueOrDefault(claim.WorkflowId)?.IsVerifying(claim) is not true))
        {
            _board.Settled(claim);
        }

        return attempts.Count;
    }

    private async Task<bool> TryBeginAsync(TaskId claim, CancellationToken cancellationToken)
    {
        var workflow = _node.HasPeers
            ? (await _cache.RefreshAsync([claim.WorkflowId], cancellationToken).ConfigureAwait(false)).GetValueOrDefault(claim.WorkflowId)
            : await _cache.GetAsync(claim.WorkflowId, cancellationToken).ConfigureAwait(false);
        if (workflow is null || !workflow.IsVerifying(claim) || workflow.State.Find(claim.Stage) is not { Claim: { } claimed } stage)
        {
            _board.Settled(claim);
            return false;
        }

        if (stage.AvailableAt > Time.GetUtcNow())
        {
            return false;
        }

        var stop = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        if (!_board.TryBegin(claim, _options.VerificationConcurrency, stop))
        {
            stop.Dispose();
            return false;
        }

        _tasks.Add(RunAsync(new ClaimToVerify(claim, workflow.DefinitionOf(claim.Stage), workflow.Header, claimed), stop));
        return true;
    }

    private async Task RunAsync(ClaimToVerify claim, CancellationTokenSource stop)
    {
        var again = false;
        try
        {
            await Task.Yield();
            var outcome = await VerifyAsync(claim, stop.Token).ConfigureAwait(false);
            await SettleAsync(claim, outcome).ConfigureAwait(false);
            again = outcome is VerificationOutcome.Unable;
            LogVerified(claim.TaskId.WorkflowId, claim.TaskId.Stage, claim.TaskId.Attempt, WordOf(outcome));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            LogStopped(claim.TaskId.WorkflowId, claim.TaskId.Stage, claim.TaskId.Attempt);
        }
        catch (Exception exception)
        {
            // The boundary of a verification: another one must not suffer, and the next pass tries again.
            again = true;
            LogFailed(claim.TaskId.WorkflowId, claim.TaskId.Stage, claim.TaskId.Attempt, exception);
        }
        finally
        {
            _board.End(claim.TaskId, again);
            stop.Dispose();
            if (!again)
            {
                Wake();
            }
        }
    }

    // What was found is not thrown away because the store is away: the verdict is handed in until it is stored, or no longer matters.
    private async Task SettleAsync(ClaimToVerify claim, VerificationOutcome outcome)
    {
        while (true)
        {
            try
            {
                await _settler.SettleAsync(claim, outcome, _stopping.Token).ConfigureAwait(false);
                return;
            }
            catch (StoreUnavailableException exception)
            {
                LogNotSettled(claim.TaskId.WorkflowId, claim.TaskId.Stage, claim.TaskId.Attempt, exception.Message);
                await Task.Delay(Interval, Time, _stopping.Token).ConfigureAwait(false);
            }
        }
    }

    private async Task<VerificationOutcome> VerifyAsync(ClaimToVerify claim, CancellationToken cancellationToken)
    {
        try
        {
            return await _verifier.VerifyAsync(claim, message => Tell(claim.TaskId, message), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            LogFailed(claim.TaskId.WorkflowId, claim.TaskId.Stage, claim.TaskId.Attempt, exception);
            return new VerificationOutcome.Unable(new StructuredError
            {
                Code = "verification_failed",
                Category = ErrorCategory.Execution,
                Class = FailureClass.Infrastructure,
                Retryable = true,
                Message = $"The checks of stage '{claim.TaskId.Stage}' could not be made: {exception.Message}",
                SuggestedAction = "Look at the orchestrator's log, and at the space on its disk.",
                Details = exception.ToString(),
            });
        }
    }

    private void Tell(TaskId claim, string message) => _notes.Add(new NoteWrite
    {
        TaskId = claim,
        Event = new AttemptProgressed { At = Time.GetUtcNow(), Stage = claim.Stage, Attempt = claim.Attempt, Message = message },
    });

    private static string WordOf(VerificationOutcome outcome) => outcome switch
    {
        VerificationOutcome.Holds => "verified",
        VerificationOutcome.Refuted refuted => $"not verified. {refuted.Error.Message}",
        VerificationOutcome.Unable unable => $"could not be verified, and is tried again. {unable.Error.Message}",
        _ => "",
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "Workflow {WorkflowId} stage {Stage} attempt {Attempt}: {Verdict}")]
    private partial void LogVerified(WorkflowId workflowId, string stage, int attempt, string verdict);

    [LoggerMessage(Level = LogLevel.Information, Message = "Workflow {WorkflowId} stage {Stage} attempt {Attempt}: the verification was stopped")]
    private partial void LogStopped(WorkflowId workflowId, string stage, int attempt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workflow {WorkflowId} stage {Stage} attempt {Attempt}: the verdict could not be stored, and is handed in again. {Reason}")]
    private partial void LogNotSettled(WorkflowId workflowId, string stage, int attempt, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Workflow {WorkflowId} stage {Stage} attempt {Attempt}: the verification failed; it is tried again")]
    private partial void LogFailed(WorkflowId workflowId, string stage, int attempt, Exception exception);
}
