using System.Text.Json;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Statuses as people and wires read them.</summary>
internal static class StatusText
{
    public static string Of(WorkflowStatus status) => JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString());

    public static string Of(StageStatus status) => JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString());
}
