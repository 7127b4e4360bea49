namespace Stack.Contracts;

/// <summary>A message that could not be handled, as the HTTP API shows it.</summary>
public sealed record DeadLetterResource
{
    /// <summary>The kind of a task.</summary>
    public const string TaskKind = "task";

    /// <summary>Names it. The same message that dies again has another id.</summary>
    public required string Id { get; init; }

    /// <summary>What it was: <c>task</c>, <c>task.result</c>, <c>task.status</c>. Null: it does not say.</summary>
    public string? Kind { get; init; }

    /// <summary>The attempt that it was about. Null: it names none.</summary>
    public TaskId? TaskId { get; init; }

    /// <summary>The queue in which it died.</summary>
    public string? Queue { get; init; }

    /// <summary>Why: <c>rejected</c> by its reader, <c>delivery_limit</c> because one reader after the other was cut off, <c>expired</c>, <c>maxlen</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>When. Null: the broker did not say.</summary>
    public DateTimeOffset? DiedAt { get; init; }

    /// <summary>The size of its body in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The beginning of its body, at most 4,000 characters.</summary>
    public string? Body { get; init; }
}

/// <summary>Dead letters.</summary>
/// <param name="DeadLetters">The letters, oldest first.</param>
public sealed record DeadLetterList(IReadOnlyList<DeadLetterResource> DeadLetters);
