using System.Text.Json.Serialization;

namespace Stack.Orchestrator.Api;

/// <summary>Serializers, made at compile time, of the host's own types.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthResource))]
[JsonSerializable(typeof(InstanceResource))]
[JsonSerializable(typeof(StartReply))]
internal sealed partial class ApiJson : JsonSerializerContext;
