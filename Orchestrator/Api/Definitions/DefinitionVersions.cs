using System.Text.Json;
using Stack.Contracts;

namespace Stack.Orchestrator.Api.Definitions;

/// <summary>The version of a definition: SHA-256 of its canonical JSON (fields sorted by name, no white space), so that the same content has the same version however it was written.</summary>
internal static class DefinitionVersions
{
    /// <summary>The version, lower-case hexadecimal.</summary>
    /// <param name="definition">The definition.</param>
    public static string Of(WorkflowDefinition definition) =>
        CanonicalJson.HashOf(JsonPayload.FromTrustedUtf8(JsonSerializer.SerializeToUtf8Bytes(definition, StackJson.TypeOf<WorkflowDefinition>())));
}
