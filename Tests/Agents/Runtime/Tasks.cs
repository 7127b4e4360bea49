using Stack.Contracts;

namespace Stack.Tests.Agents.Runtime;

/// <summary>Makes tasks.</summary>
internal static class Tasks
{
    internal static TaskEnvelope Of(string agentType = "test", string stage = "work", int attempt = 1, string? with = null, WorkspaceReference? workspace = null, TimeSpan? timeout = null) => new()
    {
        TaskId = new TaskId(WorkflowId.New(TimeProvider.System), stage, attempt),
        AgentType = agentType,
        CreatedAt = DateTimeOffset.UtcNow,
        Deadline = DateTimeOffset.UtcNow + (timeout ?? TimeSpan.FromMinutes(1)),
        LeaseMs = 15_000,
        Payload = with is null ? null : JsonPayload.Parse(with),
        Workspace = workspace,
        WorkflowContext = new WorkflowContext { WorkflowType = "app", WorkflowName = "calculator", Definition = "app", CurrentStage = stage, Requirements = "A calculator" },
    };
}
