using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What a failed attempt costs and when the next one follows. Pure.</summary>
public static class AttemptPolicy
{
    /// <summary>The reason of a lost attempt whose agent fell silent.</summary>
    public const string LeaseExpired = "lease_expired";

    /// <summary>The reason of a lost attempt whose agent gave it back.</summary>
    public const string HandedBack = "handed_back";

    /// <summary>How many leases of a stage may expire in a row before its work is taken for the cause.</summary>
    public const int MaxLosses = 5;

    /// <summary>How many times infrastructure may fail a stage, about half an hour of waiting.</summary>
    public const int MaxInterruptions = 40;

    /// <summary>No stage is attempted more often without a retry by a person, whatever the reasons.</summary>
    public const int MaxAttempts = 1000;

    private static readonly RetryPolicy Interrupted = new() { InitialDelay = TimeSpan.FromSeconds(1), MaxDelay = TimeSpan.FromMinutes(1), Multiplier = 2, Jitter = 0.2 };

    /// <summary>Whether a failure uses up one of the stage's attempts.</summary>
    /// <param name="error">The failure.</param>
    public static bool UsesUpAttempt(StructuredError error) => error.Class is FailureClass.Productive or FailureClass.Unproductive or FailureClass.Rejected;

    /// <summary>Whether the stage has no attempt left, whatever the reasons for those that it had.</summary>
    /// <param name="stage">The stage.</param>
    public static bool IsSpent(StageState stage) => stage.Attempt - stage.AttemptsBefore >= MaxAttempts;

    /// <summary>How the stage ends because of a failure. Null: it is tried again.</summary>
    /// <param name="definition">The stage's definition.</param>
    /// <param name="stage">The stage before the failure is counted.</param>
    /// <param name="error">The failure.</param>
    public static StageStatus? EndOf(StageDefinition definition, StageState stage, StructuredError error)
    {
        if (error.Category is ErrorCategory.Limit || IsSpent(stage))
        {
            return StageStatus.Exhausted;
        }

        if (!UsesUpAttempt(error))
        {
            return stage.Interruptions + 1 > MaxInterruptions ? StageStatus.Failed : null;
        }

        var final = error.Class is FailureClass.Rejected
            || error.Severity is ErrorSeverity.Fatal
            || error.Category is ErrorCategory.Poison
            || !error.Retryable;
        return final || stage.Failures + 1 >= definition.Retry.MaxAttempts ? StageStatus.Failed : null;
    }

    /// <summary>How long to wait before the next attempt after a failure.</summary>
    /// <param name="workflowId">The workflow; with the stage and the attempt it seeds the jitter, so that the same history gives the same delays.</param>
    /// <param name="definition">The stage's definition.</param>
    /// <param name="stage">The stage before the failure is counted.</param>
    /// <param name="error">The failure.</param>
    public static TimeSpan DelayAfter(WorkflowId workflowId, StageDefinition definition, StageState stage, StructuredError error)
    {
        var (policy, failures) = UsesUpAttempt(error) ? (definition.Retry, stage.Failures) : (Interrupted, stage.Interruptions);
        var delay = BackOff(policy, failures, Fraction(workflowId, stage));
        return error.RetryAfterMs is { } asked && asked > delay.TotalMilliseconds ? TimeSpan.FromMilliseconds(Math.Min(asked, TimeSpan.MillisecondsPerDay)) : delay;
    }

    private static TimeSpan BackOff(RetryPolicy policy, int failures, double fraction)
    {
        var delay = policy.InitialDelay.TotalMilliseconds * Math.Pow(policy.Multiplier, Math.Min(failures, 64));

        // The jitter goes both ways, but never beyond the longest wait.
        delay = Math.Min(delay, policy.MaxDelay.TotalMilliseconds / (1 + policy.Jitter));
        return TimeSpan.FromMilliseconds(delay * (1 - policy.Jitter + (2 * policy.Jitter * fraction)));
    }

    // FNV-1a: stable across processes, unlike string.GetHashCode.
    private static double Fraction(WorkflowId workflowId, StageState stage)
    {
        var hash = 2166136261u;
        foreach (var b in workflowId.Value.ToByteArray())
        {
            hash = (hash ^ b) * 16777619u;
        }

        foreach (var c in stage.Name)
        {
            hash = (hash ^ c) * 16777619u;
        }

        hash = (hash ^ (uint)stage.Attempt) * 16777619u;
        return hash / (double)uint.MaxValue;
    }
}
