namespace Stack.Contracts;

/// <summary>Asks for a fork of a workflow.</summary>
public sealed record ForkRequest
{
    /// <summary>The stage from which on everything is made again.</summary>
    public string? FromStage { get; init; }

    /// <summary>The model that every call of the fork is made to, or an alias. Null: what the agents ask for.</summary>
    public string? Model { get; init; }

    /// <summary>A name for people. Null: that of the other workflow.</summary>
    public string? Name { get; init; }
}

/// <summary>All that it takes to make a workflow again without a model: what was asked for, how, and what models answered. Self-contained.</summary>
public sealed record WorkflowRecording
{
    /// <summary>The version of this form that the program writes.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The version of this form.</summary>
    public required int Format { get; init; }

    /// <summary>The workflow that was recorded.</summary>
    public required WorkflowId Of { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it was for.</summary>
    public string Description { get; init; } = "";

    /// <summary>The kind of work.</summary>
    public required string Type { get; init; }

    /// <summary>What was asked for.</summary>
    public required string Requirements { get; init; }

    /// <summary>What was submitted beside it. Null: nothing.</summary>
    public JsonPayload? Input { get; init; }

    /// <summary>The repository that it began with, at that commit: a git bundle in Base64. Null: it began with none.</summary>
    public string? Repository { get; init; }

    /// <summary>The text of its definition, YAML or JSON.</summary>
    public required string Definition { get; init; }

    /// <summary>The model that every call was made to. Null: what the agents asked for.</summary>
    public string? Model { get; init; }

    /// <summary>What became of it.</summary>
    public required RecordedEnd Expected { get; init; }

    /// <summary>Every call of a model, in order.</summary>
    public required IReadOnlyList<RecordedCall> Calls { get; init; }

    /// <summary>What the calls consist of, by SHA-256 of the bytes of each value as it stands here.</summary>
    public required IReadOnlyDictionary<string, JsonPayload> Contents { get; init; }
}

/// <summary>What became of a workflow that was recorded.</summary>
public sealed record RecordedEnd
{
    /// <summary>How it ended.</summary>
    public required WorkflowStatus Status { get; init; }

    /// <summary>Where its stages stood then, by name.</summary>
    public required IReadOnlyDictionary<string, StageStatus> Stages { get; init; }

    /// <summary>The codes of the errors of stages that ended with one, by name.</summary>
    public IReadOnlyDictionary<string, string> Errors { get; init; } = new Dictionary<string, string>();

    /// <summary>What people decided, by stage.</summary>
    public IReadOnlyDictionary<string, ApprovalDecision> Decisions { get; init; } = new Dictionary<string, ApprovalDecision>();

    /// <summary>The hashes of the stages' outputs, by name.</summary>
    public IReadOnlyDictionary<string, string> Outputs { get; init; } = new Dictionary<string, string>();

    /// <summary>The files that the workspace had, without those under <c>.stack</c>: git's hash of each content by path. Null: there was no workspace.</summary>
    public IReadOnlyDictionary<string, string>? Files { get; init; }
}

/// <summary>A call of a model that was recorded.</summary>
public sealed record RecordedCall
{
    /// <summary>The stage.</summary>
    public required string Stage { get; init; }

    /// <summary>The durable step. Empty: none.</summary>
    public string Step { get; init; } = "";

    /// <summary>SHA-256 of the canonical request.</summary>
    public required string RequestHash { get; init; }

    /// <summary>How many equal calls came before; below zero: it failed.</summary>
    public int Occurrence { get; init; }

    /// <summary>The attempt that made it.</summary>
    public int Attempt { get; init; }

    /// <summary>When its answer was complete.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The model or alias that was asked for.</summary>
    public required string Asked { get; init; }

    /// <summary>The model that answered; empty: none did.</summary>
    public string Model { get; init; } = "";

    /// <summary>Its provider.</summary>
    public string Provider { get; init; } = "";

    /// <summary>Tokens read.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Tokens written.</summary>
    public long CompletionTokens { get; init; }

    /// <summary>What it cost, in dollars.</summary>
    public decimal Cost { get; init; }

    /// <summary>How often it was answered from the journal, for nothing.</summary>
    public int Replays { get; init; }

    /// <summary>The hashes of what was asked.</summary>
    public required IReadOnlyList<string> Request { get; init; }

    /// <summary>The hash of the answer.</summary>
    public required string Answer { get; init; }
}

/// <summary>The calls of models that a workflow made.</summary>
/// <param name="Calls">The calls, in order.</param>
public sealed record RecordedCallList(IReadOnlyList<RecordedCall> Calls);

/// <summary>A replay beside what it replays.</summary>
public sealed record ReplayComparison
{
    /// <summary>The replay.</summary>
    public required WorkflowId Replay { get; init; }

    /// <summary>What it replays.</summary>
    public required WorkflowId Of { get; init; }

    /// <summary>How the replay ended.</summary>
    public required WorkflowStatus Status { get; init; }

    /// <summary>Whether it came to the same: the same calls with the same answers, the same end of every stage, the same files.</summary>
    public required bool Same { get; init; }

    /// <summary>How many calls were recorded.</summary>
    public required int Recorded { get; init; }

    /// <summary>How many of them the replay made.</summary>
    public required int Replayed { get; init; }

    /// <summary>What is not the same.</summary>
    public required IReadOnlyList<ReplayDifference> Differences { get; init; }

    /// <summary>Stages whose output differs. Outputs have times and ids in them, so this does not count.</summary>
    public IReadOnlyList<string> OtherOutputs { get; init; } = [];

    /// <summary>Stages that were left out because they act on more than the workspace.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];
}

/// <summary>Something that is not the same.</summary>
/// <param name="What"><c>workflow</c>, <c>stage</c>, <c>call</c> or <c>file</c>.</param>
/// <param name="Name">Which.</param>
/// <param name="Recorded">What it was.</param>
/// <param name="Replayed">What it is.</param>
public sealed record ReplayDifference(string What, string Name, string Recorded, string Replayed);
