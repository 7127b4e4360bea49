using System.Diagnostics;
using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>
/// Makes one attempt in small steps, each of which ends for sure: receive, validate, initialize, execute, push, stop, report, clean up. Whatever a step throws becomes the attempt's
/// outcome, so that an attempt always ends in a result, unless nobody wants one any more.
/// </summary>
/// <param name="agent">Does the work.</param>
/// <param name="kit">What to work with.</param>
/// <param name="outbox">Takes the result.</param>
/// <param name="table">Where the attempt is held.</param>
/// <param name="health">Counts.</param>
/// <param name="logger">Where attempts are logged.</param>
internal sealed partial class AttemptExecutor(IAgent agent, AgentKit kit, ResultOutbox outbox, AttemptTable table, HealthMeter health, ILogger<AttemptExecutor> logger)
{
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(2);

    private readonly LogLevel _routine = agent.UsesWorkspace ? LogLevel.Information : LogLevel.Debug;

    /// <summary>Makes an attempt. Does not throw.</summary>
    /// <param name="attempt">The attempt, which has its slot in the table.</param>
    public async Task RunAsync(RunningAttempt attempt)
    {
        try
        {
            await RunStepsAsync(attempt);
        }
        catch (Exception exception)
        {
            // Only reporting or cleaning up can fail here. The lease ends the attempt.
            LogUnexpected(exception, attempt.Task.TaskId.WorkflowId, attempt.Task.TaskId.Stage, attempt.Task.TaskId.Attempt);
            table.End(attempt, awaitsReceipt: false);
        }
        finally
        {
            attempt.Dispose();
        }
    }

    private async Task RunStepsAsync(RunningAttempt attempt)
    {
        using var activity = AgentTelemetry.Start(attempt.Task, kit.Home.Id);
        var resources = new AttemptResources(kit, attempt);
        LogStarted(_routine, attempt.Task.TaskId.WorkflowId, attempt.Task.TaskId.Stage, attempt.Task.TaskId.Attempt);
        var ending = await AttemptAsync(attempt, resources);
        await resources.StopProcessesAsync();
        await ReportAsync(attempt, resources, ending, activity);
        resources.RemoveFolders();
    }

    private async Task<Ending> AttemptAsync(RunningAttempt attempt, AttemptResources resources)
    {
        try
        {
            if (!await ReceiveAsync(attempt))
            {
                return Ending.Dropped;
            }

            Validate(attempt.Task);
            var context = await resources.InitializeAsync(agent.UsesWorkspace, attempt.Stopped);
            var outcome = await ExecuteAsync(context, attempt);
            return StoppedEnding(attempt, outcome) ?? new Ending(outcome, await PushAsync(context, outcome, attempt.Stopped));
        }
        catch (Exception exception)
        {
            return EndingOf(exception, attempt);
        }
    }

    // What came through a broker has no lease yet, and may be old.
    private async Task<bool> ReceiveAsync(RunningAttempt attempt) =>
        attempt.Task.LeaseMs is not null || await kit.Feed.StartAsync(attempt.Task.TaskId, kit.Home.Id, attempt.Stopped);

    private void Validate(TaskEnvelope task)
    {
        if (!task.EnvelopeVersion.StartsWith("1.", StringComparison.Ordinal))
        {
            throw Unacceptable("envelope_version_unknown", $"The task's envelope has version '{task.EnvelopeVersion}'; this agent understands {Envelope.CurrentVersion}.", "Run an agent of the orchestrator's version.");
        }

        if (task.AgentType != agent.Type)
        {
            throw Unacceptable("agent_type_wrong", $"The task is for agents of type '{task.AgentType}'; this one is of type '{agent.Type}'.", "Report this as a defect: the feed gave it to the wrong agent.");
        }
    }

    private async Task<StageOutcome> ExecuteAsync(AgentContext context, RunningAttempt attempt)
    {
        attempt.Stopped.ThrowIfCancellationRequested();
        var work = agent.ExecuteAsync(context, attempt.Stopped);
        if (work.IsCompleted)
        {
            return await work;
        }

        try
        {
            return await work.WaitAsync(attempt.Abandoned);
        }
        catch (OperationCanceledException) when (attempt.Abandoned.IsCancellationRequested && !work.IsCompleted)
        {
            var task = attempt.Task.TaskId;
            LogAbandoned(task.WorkflowId, task.Stage, task.Attempt, RunningAttempt.StopGrace.TotalSeconds);
            _ = work.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
        }
    }

    private static async Task<string?> PushAsync(AgentContext context, StageOutcome outcome, CancellationToken cancellationToken)
    {
        if (context.OptionalWorkspace is not { } workspace || outcome is StageOutcome.Canceled or StageOutcome.Snoozed)
        {
            return null;
        }

        try
        {
            return await workspace.PushAsync(cancellationToken);
        }
        catch (AgentFailure failure) when (outcome is StageOutcome.Failed)
        {
            // Why the work failed matters more than that its remains could not be kept.
            context.AddWarning(failure.Message);
            return null;
        }
    }

    // An agent whose processes were ended under it may call that a failure. It is not its failure.
    private Ending? StoppedEnding(RunningAttempt attempt, StageOutcome outcome) =>
        attempt.Reason == StopReason.None || outcome is StageOutcome.Completed ? null : StoppedEnding(attempt);

    private Ending StoppedEnding(RunningAttempt attempt) => attempt.Reason switch
    {
        StopReason.Deadline => new Ending(new StageOutcome.Failed { Error = FailureClassifier.DeadlinePassed(attempt.Task, kit.Time.GetElapsedTime(attempt.StartedTimestamp)) }),
        StopReason.Shutdown => new Ending(new StageOutcome.Canceled { Reason = $"The agent {kit.Home.Id} is shutting down." }),
        _ => Ending.Dropped,
    };

    private Ending EndingOf(Exception exception, RunningAttempt attempt)
    {
        var task = attempt.Task.TaskId;
        if (attempt.Reason != StopReason.None)
        {
            return StoppedEnding(attempt);
        }

        if (exception is AttemptNotCurrentException)
        {
            return Ending.Dropped;
        }

        if (FailureClassifier.IsUnexpected(exception))
        {
            health.CountError();
            LogUnexpected(exception, task.WorkflowId, task.Stage, task.Attempt);
        }

        return new Ending(new StageOutcome.Failed { Error = FailureClassifier.Classify(exception) });
    }

    private async Task ReportAsync(RunningAttempt attempt, AttemptResources resources, Ending ending, Activity? activity)
    {
        var task = attempt.Task.TaskId;
        var duration = kit.Time.GetElapsedTime(attempt.StartedTimestamp);
        health.Count();
        AgentTelemetry.End(activity, agent.Type, ending.Outcome, duration);
        LogEnded(_routine, task.WorkflowId, task.Stage, task.Attempt, AgentTelemetry.NameOf(ending.Outcome), (long)duration.TotalMilliseconds);
        if (ending.Outcome is not { } outcome)
        {
            table.End(attempt, awaitsReceipt: false);
            return;
        }

        if (resources.Context is { Status.IsUsed: true } context)
        {
            await FlushAsync(context.Status);
        }

        var result = resources.Context?.ToResult(outcome, ending.Commit, attempt.StartedAt, duration) ?? new ResultEnvelope
        {
            TaskId = task,
            AgentId = kit.Home.Id,
            Outcome = outcome,
            StartedAt = attempt.StartedAt,
            Usage = new Usage { DurationMs = (long)duration.TotalMilliseconds },
        };

        // Who drains waits until nothing is under way, and then for what is to be delivered: at no moment is the attempt in neither.
        outbox.Expect();
        table.End(attempt, awaitsReceipt: true);
        outbox.Add(result with { Traceparent = activity?.Id ?? attempt.Task.Traceparent, Tracestate = activity?.TraceStateString ?? attempt.Task.Tracestate });
    }

    private async Task FlushAsync(StatusBuffer status)
    {
        using var limit = new CancellationTokenSource(FlushLimit, kit.Time);
        try
        {
            await kit.Statuses.FlushAsync(status, limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // The orchestrator is away. The result waits for it; the last lines of the log do not.
        }
    }

    private static AgentFailure Unacceptable(string code, string message, string remedy) => new(new StructuredError
    {
        Code = code,
        Message = message,
        Severity = ErrorSeverity.Fatal,
        Category = ErrorCategory.Validation,
        Class = FailureClass.Unproductive,
        SuggestedAction = remedy,
    });

    [LoggerMessage(Message = "{Workflow} {Stage}#{Attempt}: started")]
    private partial void LogStarted(LogLevel level, WorkflowId workflow, string stage, int attempt);

    [LoggerMessage(Message = "{Workflow} {Stage}#{Attempt}: {Outcome} after {DurationMs} ms")]
    private partial void LogEnded(LogLevel level, WorkflowId workflow, string stage, int attempt, string outcome, long durationMs);

    [LoggerMessage(LogLevel.Error, "{Workflow} {Stage}#{Attempt}: unexpected error")]
    private partial void LogUnexpected(Exception exception, WorkflowId workflow, string stage, int attempt);

    [LoggerMessage(LogLevel.Error, "{Workflow} {Stage}#{Attempt}: was told to stop and did not within {Seconds} s; it goes on without a slot")]
    private partial void LogAbandoned(WorkflowId workflow, string stage, int attempt, double seconds);

    /// <summary>How an attempt ended here.</summary>
    /// <param name="Outcome">What to report. Null: nothing, nobody waits for it.</param>
    /// <param name="Commit">What was pushed. Null: nothing.</param>
    private sealed record Ending(StageOutcome? Outcome, string? Commit = null)
    {
        public static Ending Dropped { get; } = new(Outcome: null);
    }
}
