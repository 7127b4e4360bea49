using System.Diagnostics;
using System.Diagnostics.Metrics;
using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>One activity per attempt, as a consumer of the task's trace, and the meters of the runtime. Both are named <c>Stack.Agents</c>.</summary>
internal static class AgentTelemetry
{
    /// <summary>The name of source and meter.</summary>
    public const string Name = "Stack.Agents";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Attempts = Meter.CreateCounter<long>("stack.agent.attempts", unit: "{attempt}", description: "Attempts that ended.");
    private static readonly Histogram<double> Durations = Meter.CreateHistogram<double>("stack.agent.attempt.duration", unit: "s", description: "How long attempts took.");

    /// <summary>Begins the activity of an attempt. Null: nobody listens.</summary>
    /// <param name="task">The attempt.</param>
    /// <param name="agentId">Who makes it.</param>
    public static Activity? Start(TaskEnvelope task, AgentId agentId)
    {
        ActivityContext.TryParse(task.Traceparent, task.Tracestate, isRemote: true, out var parent);
        var activity = Source.StartActivity(task.AgentType, ActivityKind.Consumer, parent);
        if (activity is { IsAllDataRequested: true })
        {
            activity.DisplayName = $"{task.TaskId.Stage} attempt";
            activity.SetTag("stack.workflow", task.TaskId.WorkflowId.ToString());
            activity.SetTag("stack.stage", task.TaskId.Stage);
            activity.SetTag("stack.attempt", task.TaskId.Attempt);
            activity.SetTag("stack.agent", agentId.Value);
        }

        return activity;
    }

    /// <summary>Counts an attempt.</summary>
    /// <param name="activity">Its activity.</param>
    /// <param name="agentType">The agent type.</param>
    /// <param name="outcome">How it ended. Null: its result does not count.</param>
    /// <param name="duration">How long it took.</param>
    public static void End(Activity? activity, string agentType, StageOutcome? outcome, TimeSpan duration)
    {
        var name = NameOf(outcome);
        if (outcome is StageOutcome.Failed failed)
        {
            activity?.SetStatus(ActivityStatusCode.Error, failed.Error.Code);
        }

        activity?.SetTag("stack.outcome", name);
        var type = new KeyValuePair<string, object?>("stack.agent.type", agentType);
        var ending = new KeyValuePair<string, object?>("stack.outcome", name);
        Attempts.Add(1, type, ending);
        Durations.Record(duration.TotalSeconds, type, ending);
    }

    /// <summary>The word for an outcome in logs and telemetry.</summary>
    /// <param name="outcome">The outcome. Null: its result does not count.</param>
    public static string NameOf(StageOutcome? outcome) => outcome switch
    {
        StageOutcome.Completed => "completed",
        StageOutcome.Failed => "failed",
        StageOutcome.NeedsApproval => "needs_approval",
        StageOutcome.Snoozed => "snoozed",
        StageOutcome.Canceled => "handed_back",
        _ => "dropped",
    };
}
