using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>How long workflows that ended are kept, and which would go now.</summary>
public sealed record RetentionResource
{
    /// <summary>How long they are kept. Null, and absent: for ever, so that nothing is removed by itself.</summary>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan? Period { get; init; }

    /// <summary>How often those that are past their time are removed. Null, and absent: never.</summary>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan? Interval { get; init; }

    /// <summary>The time that was asked about; else the one that the period gives now. Null, and absent: there is neither.</summary>
    public DateTimeOffset? EndedBefore { get; init; }

    /// <summary>How many workflows ended before that time, as far as they were counted.</summary>
    public required int Count { get; init; }

    /// <summary>Whether there are more than were counted.</summary>
    public required bool More { get; init; }

    /// <summary>Those that ended first, in that order: those that would go first.</summary>
    public required IReadOnlyList<EndedWorkflow> Workflows { get; init; }
}

/// <summary>A workflow that ended.</summary>
/// <param name="Id">The workflow.</param>
/// <param name="Name">Its name.</param>
/// <param name="Status">How it ended.</param>
/// <param name="EndedAt">When.</param>
public sealed record EndedWorkflow(WorkflowId Id, string Name, WorkflowStatus Status, DateTimeOffset EndedAt);

/// <summary>Asks for workflows that ended to be removed.</summary>
public sealed record PruneRequest
{
    /// <summary>How many are removed at once when nothing is said.</summary>
    public const int DefaultLimit = 100;

    /// <summary>How many are removed at once at most.</summary>
    public const int MaxLimit = 1000;

    /// <summary>Only those that ended before this time, which must have passed. Required.</summary>
    public DateTimeOffset? EndedBefore { get; init; }

    /// <summary>At most this many, those that ended first; 1 to 1,000.</summary>
    public int Limit { get; init; } = DefaultLimit;

    /// <summary>Whether only to say which would be removed.</summary>
    public bool DryRun { get; init; }
}

/// <summary>What was removed.</summary>
public sealed record PruneResource
{
    /// <summary>The time that was asked for.</summary>
    public required DateTimeOffset EndedBefore { get; init; }

    /// <summary>Whether nothing was removed, and these are those that would have been.</summary>
    public required bool DryRun { get; init; }

    /// <summary>How many were removed.</summary>
    public required int Count { get; init; }

    /// <summary>Whether there are more that ended before that time.</summary>
    public required bool More { get; init; }

    /// <summary>Those that were removed, with their history and their files.</summary>
    public required IReadOnlyList<WorkflowId> WorkflowIds { get; init; }
}
