using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>
/// What a workflow does: named stages that form a directed acyclic graph. Immutable, and pinned by every workflow that runs it.
/// Made by <see cref="DefinitionReader"/>, which is the only check; a definition made by hand is not checked.
/// </summary>
public sealed record WorkflowDefinition
{
    /// <summary>Its name: lower-case letters, digits, hyphens and underscores, starting with a letter, at most 63.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public string Description { get; init; } = "";

    /// <summary>The kind of work, for example <c>app</c>, <c>feature</c> or <c>bugfix</c>.</summary>
    /// <value>The default is the definition's name.</value>
    public string Type { get; init; } = "";

    /// <summary>Who goes first, unless the submission says otherwise.</summary>
    /// <value>The default is <see cref="Priority.Medium"/>.</value>
    public Priority Priority { get; init; } = Priority.Medium;

    /// <summary>The longest a workflow may take from submission to its end, waits for people not counted. When it passes, the workflow ends exhausted. Null: no limit.</summary>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan? Timeout { get; init; }

    /// <summary>The stages, in the order of the file.</summary>
    public required IReadOnlyList<StageDefinition> Stages { get; init; }
}

/// <summary>One node of a workflow definition.</summary>
public sealed record StageDefinition
{
    /// <summary>Its name, unique in the definition; same form as a definition's name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public string Description { get; init; } = "";

    /// <summary>The agent type that makes its attempts.</summary>
    public required string Agent { get; init; }

    /// <summary>The stages that must complete first.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>Parameters for the agent: a JSON object. Null: none.</summary>
    public JsonPayload? With { get; init; }

    /// <summary>The longest one attempt may take.</summary>
    /// <value>The default is 5 minutes.</value>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How failures are tried again.</summary>
    public RetryPolicy Retry { get; init; } = RetryPolicy.Default;

    /// <summary>How many iterations a looping agent may use: <c>simple</c> is 10, <c>default</c> 20, <c>complex</c> 50.</summary>
    /// <value>The default is 20.</value>
    public int MaxIterations { get; init; } = IterationClass.Default;

    /// <summary>A person must agree before the first attempt. Null: no gate.</summary>
    public ApprovalGate? Approval { get; init; }

    /// <summary>The stage that runs when this one fails for good. The workflow fails all the same. Null: none.</summary>
    public string? OnFailure { get; init; }

    /// <summary>The state that the workflow shows while this stage is current, for example <c>SCAFFOLDING</c>.</summary>
    /// <value>The default is the stage's name in upper case.</value>
    public string DisplayState { get; init; } = "";

    /// <summary>Whether its attempts get the workflow's git workspace.</summary>
    /// <value>The default is true.</value>
    public bool Workspace { get; init; } = true;

    /// <summary>The folder of the workspace where its commands run, relative, with forward slashes.</summary>
    /// <value>The default is the root, an empty text.</value>
    public string WorkingDirectory { get; init; } = "";

    /// <summary>Files worth showing when it completes: paths relative to the workspace.</summary>
    public IReadOnlyList<string> Artifacts { get; init; } = [];

    /// <summary>What must hold before it is completed. Checked on the orchestrator's side, in a clean clone of what the agent claims to be done. Empty: the agent's word is enough.</summary>
    public IReadOnlyList<AcceptanceCheck> Accept { get; init; } = [];
}

/// <summary>The iteration limits that have names.</summary>
public static class IterationClass
{
    /// <summary>For small changes.</summary>
    public const int Simple = 10;

    /// <summary>For most work.</summary>
    public const int Default = 20;

    /// <summary>For large work.</summary>
    public const int Complex = 50;

    /// <summary>No definition may ask for more.</summary>
    public const int HardCap = 100;
}

/// <summary>How failures that count are tried again. Infrastructure failures and throttling have their own, more patient, limits.</summary>
public sealed record RetryPolicy
{
    /// <summary>The defaults.</summary>
    public static RetryPolicy Default { get; } = new();

    /// <summary>How many tries in all, the first included; 1 to 20.</summary>
    /// <value>The default is 3.</value>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>The wait before the second try.</summary>
    /// <value>The default is 1 second.</value>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan InitialDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait.</summary>
    /// <value>The default is 1 minute.</value>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>By how much each wait is longer than the one before; 1 to 10.</summary>
    /// <value>The default is 2.</value>
    public double Multiplier { get; init; } = 2;

    /// <summary>The part of a wait that is random; 0 to 1.</summary>
    /// <value>The default is 0.2.</value>
    public double Jitter { get; init; } = 0.2;
}

/// <summary>A question to a person before a stage starts.</summary>
public sealed record ApprovalGate
{
    /// <summary>The question.</summary>
    public required string Prompt { get; init; }

    /// <summary>How long the question stands. Null: for ever.</summary>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan? ExpiresAfter { get; init; }

    /// <summary>What happens when nobody answers in time.</summary>
    /// <value>The default is <see cref="ApprovalExpiry.Reject"/>.</value>
    public ApprovalExpiry OnExpiry { get; init; }

    /// <summary>Who may decide: names of API keys, or the scopes <c>write</c> and <c>admin</c>. Empty: everybody with the scope <c>write</c>.</summary>
    public IReadOnlyList<string> Deciders { get; init; } = [];

    /// <summary>The time between reminders; at least a minute. Null: none.</summary>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan? RemindEvery { get; init; }

    /// <summary>Who may decide, too, once the question has escalated.</summary>
    public IReadOnlyList<string> EscalateTo { get; init; } = [];

    /// <summary>How long the question stands after it has escalated. Null: for ever.</summary>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan? EscalationExpiresAfter { get; init; }

    /// <summary>What the question is about.</summary>
    /// <value>The default is <see cref="GateEffect.Stage"/>.</value>
    public GateEffect Effect { get; init; }

    /// <summary>Who may decide, and what happens when nobody does.</summary>
    [JsonIgnore]
    public ApprovalTerms Terms => new()
    {
        Deciders = Deciders,
        ExpiresAfter = ExpiresAfter,
        OnExpiry = OnExpiry,
        RemindEvery = RemindEvery,
        EscalateTo = EscalateTo,
        EscalationExpiresAfter = EscalationExpiresAfter,
    };
}
