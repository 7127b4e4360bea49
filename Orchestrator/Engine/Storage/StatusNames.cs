using Stack.Contracts;

namespace Stack.Engine;

/// <summary>The names under which stores keep where things stand: the same as on the wire.</summary>
public static class StatusNames
{
    private static readonly string[] Workflows = Names<WorkflowStatus>();
    private static readonly string[] Attempts = Names<AttemptStatus>();
    private static readonly string[] Approvals = Names<ApprovalStatus>();

    /// <summary>The name of a workflow's status.</summary>
    /// <param name="status">The status.</param>
    public static string Of(WorkflowStatus status) => Workflows[(int)status];

    /// <summary>The name of an attempt's status.</summary>
    /// <param name="status">The status.</param>
    public static string Of(AttemptStatus status) => Attempts[(int)status];

    /// <summary>The name of a question's status.</summary>
    /// <param name="status">The status.</param>
    public static string Of(ApprovalStatus status) => Approvals[(int)status];

    /// <summary>The workflow's status of a name that a store keeps.</summary>
    /// <param name="name">The name.</param>
    public static WorkflowStatus WorkflowStatus(string name) => (WorkflowStatus)Index(Workflows, name);

    /// <summary>The attempt's status of a name that a store keeps.</summary>
    /// <param name="name">The name.</param>
    public static AttemptStatus AttemptStatus(string name) => (AttemptStatus)Index(Attempts, name);

    /// <summary>Whether an attempt is over: no agent works on it, and none will.</summary>
    /// <param name="status">Where it stands.</param>
    public static bool IsOver(this AttemptStatus status) =>
        status is not (Contracts.AttemptStatus.Pending or Contracts.AttemptStatus.Dispatched or Contracts.AttemptStatus.Running);

    private static int Index(string[] names, string name)
    {
        var index = Array.IndexOf(names, name);
        return index >= 0 ? index : throw new ArgumentOutOfRangeException(nameof(name), name, "A status that this program does not know.");
    }

    private static string[] Names<TStatus>()
        where TStatus : struct, Enum =>
        [.. Enum.GetNames<TStatus>().Select(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName)];
}
