using System.Text.Json.Serialization.Metadata;

namespace Stack.Contracts;

/// <summary>Short names for <see cref="StackJson.TypeOf{T}"/> of the types that travel most.</summary>
public sealed class StackJsonContext
{
    private StackJsonContext()
    {
    }

    /// <summary>The one instance.</summary>
    public static StackJsonContext Default { get; } = new();

    /// <summary>A registration.</summary>
    public JsonTypeInfo<AgentRegistration> AgentRegistration { get; } = StackJson.TypeOf<AgentRegistration>();

    /// <summary>The answer to a registration.</summary>
    public JsonTypeInfo<AgentRegistered> AgentRegistered { get; } = StackJson.TypeOf<AgentRegistered>();

    /// <summary>A sign of life.</summary>
    public JsonTypeInfo<AgentHeartbeat> AgentHeartbeat { get; } = StackJson.TypeOf<AgentHeartbeat>();

    /// <summary>The answer to a sign of life.</summary>
    public JsonTypeInfo<HeartbeatReply> HeartbeatReply { get; } = StackJson.TypeOf<HeartbeatReply>();

    /// <summary>A claim.</summary>
    public JsonTypeInfo<TaskClaim> TaskClaim { get; } = StackJson.TypeOf<TaskClaim>();

    /// <summary>Tasks, read.</summary>
    public JsonTypeInfo<List<TaskEnvelope>> ListTaskEnvelope { get; } = StackJson.TypeOf<List<TaskEnvelope>>();

    /// <summary>Tasks, written.</summary>
    public JsonTypeInfo<IReadOnlyList<TaskEnvelope>> IReadOnlyListTaskEnvelope { get; } = StackJson.TypeOf<IReadOnlyList<TaskEnvelope>>();

    /// <summary>Results, read.</summary>
    public JsonTypeInfo<List<ResultEnvelope>> ListResultEnvelope { get; } = StackJson.TypeOf<List<ResultEnvelope>>();

    /// <summary>Results, written.</summary>
    public JsonTypeInfo<IReadOnlyList<ResultEnvelope>> IReadOnlyListResultEnvelope { get; } = StackJson.TypeOf<IReadOnlyList<ResultEnvelope>>();

    /// <summary>Statuses, read.</summary>
    public JsonTypeInfo<List<StatusEnvelope>> ListStatusEnvelope { get; } = StackJson.TypeOf<List<StatusEnvelope>>();

    /// <summary>Statuses, written.</summary>
    public JsonTypeInfo<IReadOnlyList<StatusEnvelope>> IReadOnlyListStatusEnvelope { get; } = StackJson.TypeOf<IReadOnlyList<StatusEnvelope>>();

    /// <summary>Receipts, read.</summary>
    public JsonTypeInfo<List<ResultReceipt>> ListResultReceipt { get; } = StackJson.TypeOf<List<ResultReceipt>>();

    /// <summary>Receipts, written.</summary>
    public JsonTypeInfo<IReadOnlyList<ResultReceipt>> IReadOnlyListResultReceipt { get; } = StackJson.TypeOf<IReadOnlyList<ResultReceipt>>();

    /// <summary>A submission.</summary>
    public JsonTypeInfo<SubmitWorkflowRequest> SubmitWorkflowRequest { get; } = StackJson.TypeOf<SubmitWorkflowRequest>();

    /// <summary>A workflow.</summary>
    public JsonTypeInfo<WorkflowResource> WorkflowResource { get; } = StackJson.TypeOf<WorkflowResource>();

    /// <summary>An event.</summary>
    public JsonTypeInfo<EventResource> EventResource { get; } = StackJson.TypeOf<EventResource>();

    /// <summary>A problem.</summary>
    public JsonTypeInfo<ProblemResource> ProblemResource { get; } = StackJson.TypeOf<ProblemResource>();

    /// <summary>A definition.</summary>
    public JsonTypeInfo<WorkflowDefinition> WorkflowDefinition { get; } = StackJson.TypeOf<WorkflowDefinition>();

    /// <summary>An error.</summary>
    public JsonTypeInfo<StructuredError> StructuredError { get; } = StackJson.TypeOf<StructuredError>();

    /// <summary>What an attempt used.</summary>
    public JsonTypeInfo<Usage> Usage { get; } = StackJson.TypeOf<Usage>();
}
