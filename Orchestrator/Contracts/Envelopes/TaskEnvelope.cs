namespace Stack.Contracts;

/// <summary>Asks an agent to make one attempt at a stage.</summary>
public sealed record TaskEnvelope : Envelope
{
    /// <summary>The agent type that the stage names.</summary>
    public required string AgentType { get; init; }

    /// <summary>Who goes first.</summary>
    public Priority Priority { get; init; } = Priority.Medium;

    /// <summary>When the orchestrator gave it out.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>After this moment the attempt has timed out, whoever notices first.</summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>Milliseconds that the lease lasts unless a heartbeat renews it. Null: the attempt must be started first (it came through a broker).</summary>
    public long? LeaseMs { get; init; }

    /// <summary>How many attempts at this stage failed and counted.</summary>
    public int RetryCount { get; init; }

    /// <summary>How many failures that count the stage may have in addition to the first try.</summary>
    public int MaxRetries { get; init; }

    /// <summary>How many iterations a looping agent may use.</summary>
    public int MaxIterations { get; init; }

    /// <summary>How many iterations people granted beyond that.</summary>
    public int ExtraIterations { get; init; }

    /// <summary>What the stage's definition passes to its agent (<c>with</c>).</summary>
    public JsonPayload? Payload { get; init; }

    /// <summary>The workflow around the stage.</summary>
    public required WorkflowContext WorkflowContext { get; init; }

    /// <summary>Where the work happens. Null: the stage has no workspace.</summary>
    public WorkspaceReference? Workspace { get; init; }

    /// <summary>The decision of a person on this stage. Null: none was asked for.</summary>
    public ApprovalDecision? Approval { get; init; }

    /// <summary>What the orchestrator will check when the attempt claims to be done. For the agent to aim at; whether it holds is not the agent's to say. Empty: nothing is checked.</summary>
    public IReadOnlyList<AcceptanceCheck> Accept { get; init; } = [];

    /// <summary>What went wrong in the attempt before this one. Null: it is the first, or the last one did not fail.</summary>
    public StructuredError? PreviousError { get; init; }
}

/// <summary>What an agent sees of the workflow.</summary>
public sealed record WorkflowContext
{
    /// <summary>The workflow's type, for example <c>app</c>.</summary>
    public required string WorkflowType { get; init; }

    /// <summary>The workflow's name.</summary>
    public required string WorkflowName { get; init; }

    /// <summary>The definition's name.</summary>
    public required string Definition { get; init; }

    /// <summary>What was asked for, in the words of the person.</summary>
    public string Requirements { get; init; } = "";

    /// <summary>What was submitted beside the requirements. Null: nothing.</summary>
    public JsonPayload? Input { get; init; }

    /// <summary>The stage of this attempt.</summary>
    public required string CurrentStage { get; init; }

    /// <summary>The last stage that this one needs. Null: it needs none.</summary>
    public string? PreviousStage { get; init; }

    /// <summary>The outputs of all stages that this one needs, directly or through others, by stage name. Stages without output are absent.</summary>
    public IReadOnlyDictionary<string, JsonPayload> StageOutputs { get; init; } = new Dictionary<string, JsonPayload>();
}

/// <summary>The git repository of a workflow, as an attempt sees it.</summary>
public sealed record WorkspaceReference
{
    /// <summary>The repository over git smart HTTP. Relative to the orchestrator's base address when it starts with a slash.</summary>
    public required string Url { get; init; }

    /// <summary>The repository as a path, valid only on the orchestrator's own host. Null: not offered.</summary>
    public string? Path { get; init; }

    /// <summary>The branch that holds what counted so far.</summary>
    public required string Branch { get; init; }

    /// <summary>The commit to start from. Null: the repository is empty.</summary>
    public string? BaseCommit { get; init; }

    /// <summary>The branch that this attempt pushes; nobody else does.</summary>
    public required string AttemptBranch { get; init; }
}
