using System.Text.Json.Serialization;

namespace Stack.Engine;

/// <summary>Serializers, made at compile time, of what stores keep.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    AllowOutOfOrderMetadataProperties = true)]
[JsonSerializable(typeof(WorkflowState))]
[JsonSerializable(typeof(WorkflowSubmitted))]
[JsonSerializable(typeof(WorkflowPaused))]
[JsonSerializable(typeof(WorkflowResumed))]
[JsonSerializable(typeof(WorkflowRetried))]
[JsonSerializable(typeof(WorkflowEnded))]
[JsonSerializable(typeof(StageQueued))]
[JsonSerializable(typeof(StageCompleted))]
[JsonSerializable(typeof(AttemptFailed))]
[JsonSerializable(typeof(AttemptLost))]
[JsonSerializable(typeof(AttemptSnoozed))]
[JsonSerializable(typeof(StageEnded))]
[JsonSerializable(typeof(ApprovalRequested))]
[JsonSerializable(typeof(ApprovalDecided))]
[JsonSerializable(typeof(AttemptStarted))]
[JsonSerializable(typeof(AttemptProgressed))]
[JsonSerializable(typeof(AttemptLogged))]
public sealed partial class EngineJsonContext : JsonSerializerContext;
