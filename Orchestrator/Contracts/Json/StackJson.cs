using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>The JSON options of every wire and every row: snake_case names, nulls left out, the discriminator in any position (<c>jsonb</c> reorders keys).</summary>
public static class StackJson
{
    /// <summary>The options. Read-only.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(StackJsonContext.Default.Options)
        {
            // Types that the generated context does not know (a service's own) fall back to reflection.
            TypeInfoResolver = System.Text.Json.Serialization.Metadata.JsonTypeInfoResolver.Combine(
                StackJsonContext.Default,
                new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver()),
        };
        options.MakeReadOnly();
        return options;
    }
}

/// <summary>Serializers made at compile time for the types of the hot path.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowOutOfOrderMetadataProperties = true,
    PropertyNameCaseInsensitive = false,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Envelope))]
[JsonSerializable(typeof(TaskEnvelope))]
[JsonSerializable(typeof(StatusEnvelope))]
[JsonSerializable(typeof(ResultEnvelope))]
[JsonSerializable(typeof(CancelEnvelope))]
[JsonSerializable(typeof(StageOutcome))]
[JsonSerializable(typeof(StructuredError))]
[JsonSerializable(typeof(TaskClaim))]
[JsonSerializable(typeof(AgentRegistration))]
[JsonSerializable(typeof(AgentRegistered))]
[JsonSerializable(typeof(AgentHeartbeat))]
[JsonSerializable(typeof(HeartbeatReply))]
[JsonSerializable(typeof(IReadOnlyList<TaskEnvelope>))]
[JsonSerializable(typeof(IReadOnlyList<ResultEnvelope>))]
[JsonSerializable(typeof(IReadOnlyList<StatusEnvelope>))]
[JsonSerializable(typeof(IReadOnlyList<ResultReceipt>))]
[JsonSerializable(typeof(List<TaskEnvelope>))]
[JsonSerializable(typeof(List<ResultEnvelope>))]
[JsonSerializable(typeof(List<StatusEnvelope>))]
[JsonSerializable(typeof(List<ResultReceipt>))]
[JsonSerializable(typeof(WorkflowDefinition))]
[JsonSerializable(typeof(WorkflowResource))]
[JsonSerializable(typeof(WorkflowList))]
[JsonSerializable(typeof(SubmitWorkflowRequest))]
[JsonSerializable(typeof(ReasonRequest))]
[JsonSerializable(typeof(RetryRequest))]
[JsonSerializable(typeof(DecisionRequest))]
[JsonSerializable(typeof(EventResource))]
[JsonSerializable(typeof(EventList))]
[JsonSerializable(typeof(TaskResource))]
[JsonSerializable(typeof(TaskList))]
[JsonSerializable(typeof(AgentResource))]
[JsonSerializable(typeof(AgentList))]
[JsonSerializable(typeof(DefinitionResource))]
[JsonSerializable(typeof(DefinitionList))]
[JsonSerializable(typeof(DefinitionValidation))]
[JsonSerializable(typeof(DeploymentResource))]
[JsonSerializable(typeof(DeploymentList))]
[JsonSerializable(typeof(FileTree))]
[JsonSerializable(typeof(ProblemResource))]
[JsonSerializable(typeof(JsonPayload))]
public sealed partial class StackJsonContext : JsonSerializerContext;
