using System.Diagnostics;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Canary;

/// <summary>Works for drills: behaves as the workflow's input says and keeps a ledger of what it did, which a drill holds against the store.</summary>
/// <param name="ledger">Where it writes down what it does.</param>
internal sealed class CanaryAgent(CanaryLedger ledger) : IAgent
{
    private const int RepeatPauseMs = 200;

    /// <inheritdoc />
    public string Type => CanaryFiles.AgentType;

    /// <inheritdoc />
    public bool UsesWorkspace => false;

    /// <inheritdoc />
    public async Task<StageOutcome> ExecuteAsync(AgentContext context, CancellationToken cancellationToken)
    {
        var task = context.Task.TaskId;
        var input = context.Task.WorkflowContext.Input?.To<CanaryInput>() ?? new CanaryInput();
        ledger.Write(CanaryLedgerEvent.Begun, task);
        if (input.PoisonStage == task.Stage)
        {
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }

        if (input.DelayMs > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(input.DelayMs), context.Time, cancellationToken);
        }

        var repeats = input.RepeatStage == task.Stage;
        if (repeats && task.Attempt == 1)
        {
            return Interrupted();
        }

        ledger.Write(CanaryLedgerEvent.Finished, task);
        var outcome = new StageOutcome.Completed { Output = OutputOf(task, input) };
        if (repeats)
        {
            await RepeatAsync(context, input, outcome, cancellationToken);
        }

        return outcome;
    }

    // What an agent does that lost its receipts, and one that was silent for so long that another attempt took the place of its own.
    private static async Task RepeatAsync(AgentContext context, CanaryInput input, StageOutcome.Completed outcome, CancellationToken cancellationToken)
    {
        var own = ResultOf(context, context.Task.TaskId, outcome);
        var old = context.Task.TaskId with { Attempt = 1 };
        var late = ResultOf(context, old, new StageOutcome.Completed { Output = OutputOf(old, input) });
        await context.Feed.ReportAsync([late], cancellationToken);
        await context.Feed.ReportAsync([own], cancellationToken);
        await context.Feed.ReportAsync([own, late, own], cancellationToken);
    }

    private static ResultEnvelope ResultOf(AgentContext context, TaskId task, StageOutcome outcome) => new()
    {
        TaskId = task,
        AgentId = context.AgentId,
        Outcome = outcome,
        StartedAt = context.Time.GetUtcNow(),
        Traceparent = context.Task.Traceparent,
        Tracestate = context.Task.Tracestate,
    };

    private static StageOutcome.Failed Interrupted() => new()
    {
        Error = new StructuredError
        {
            Code = "canary_interrupted",
            Message = "The canary was asked to fail its first attempt at no cost.",
            Category = ErrorCategory.Dependency,
            Class = FailureClass.Infrastructure,
            Retryable = true,
            RetryAfterMs = RepeatPauseMs,
        },
    };

    private static JsonPayload OutputOf(TaskId task, CanaryInput input) =>
        JsonPayload.From(new CanaryOutput { Stage = task.Stage, Attempt = task.Attempt, Padding = input.PayloadBytes > 0 ? new string('x', input.PayloadBytes) : null });
}
