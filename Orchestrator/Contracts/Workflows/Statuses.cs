using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>Where a workflow stands. The last four are terminal: only a retry leaves them.</summary>
[JsonConverter(typeof(SnakeCaseEnum<WorkflowStatus>))]
public enum WorkflowStatus
{
    /// <summary>Stages run, or wait for an agent, a retry or a timer.</summary>
    Running,

    /// <summary>Someone paused it: attempts under way finish, none starts.</summary>
    Paused,

    /// <summary>Nothing can go on before a person decides.</summary>
    Waiting,

    /// <summary>Every stage completed.</summary>
    Completed,

    /// <summary>A stage failed for good.</summary>
    Failed,

    /// <summary>Someone canceled it.</summary>
    Canceled,

    /// <summary>A limit was hit. Partial results are kept.</summary>
    Exhausted,
}

/// <summary>Where a stage stands.</summary>
[JsonConverter(typeof(SnakeCaseEnum<StageStatus>))]
public enum StageStatus
{
    /// <summary>A need is not completed yet.</summary>
    Blocked,

    /// <summary>An attempt waits for an agent, or for the time of its retry.</summary>
    Pending,

    /// <summary>An agent holds the current attempt.</summary>
    Running,

    /// <summary>A person must decide before it goes on.</summary>
    AwaitingApproval,

    /// <summary>Its agent claims to be done, and the orchestrator checks it.</summary>
    Verifying,

    /// <summary>Done. Terminal.</summary>
    Completed,

    /// <summary>Failed for good. Terminal until a retry.</summary>
    Failed,

    /// <summary>A limit was hit. Terminal until a retry.</summary>
    Exhausted,

    /// <summary>Canceled with its workflow. Terminal until a retry.</summary>
    Canceled,

    /// <summary>Not needed: a failure handler of a stage that did not fail, or a stage behind one that failed. Terminal until a retry.</summary>
    Skipped,
}

/// <summary>Where an attempt stands.</summary>
[JsonConverter(typeof(SnakeCaseEnum<AttemptStatus>))]
public enum AttemptStatus
{
    /// <summary>In the store, not with an agent.</summary>
    Pending,

    /// <summary>Handed to a broker that confirmed it; no agent has started it yet.</summary>
    Dispatched,

    /// <summary>An agent holds its lease.</summary>
    Running,

    /// <summary>Its result counted and was a success.</summary>
    Completed,

    /// <summary>Its result counted and was a failure.</summary>
    Failed,

    /// <summary>Its lease expired or its agent handed it back.</summary>
    Lost,

    /// <summary>It asked to be run again later.</summary>
    Snoozed,

    /// <summary>It asked a person.</summary>
    AwaitingApproval,

    /// <summary>Its workflow was canceled.</summary>
    Canceled,

    /// <summary>Its agent is done with it and claims success, which the orchestrator checks. It becomes completed, failed or canceled.</summary>
    Verifying,
}

/// <summary>Who goes first when agents are scarce. Higher values go first.</summary>
[JsonConverter(typeof(SnakeCaseEnum<Priority>))]
public enum Priority
{
    /// <summary>Background work.</summary>
    Low,

    /// <summary>The default.</summary>
    Medium,

    /// <summary>Before medium.</summary>
    High,

    /// <summary>Before everything else.</summary>
    Critical,
}
