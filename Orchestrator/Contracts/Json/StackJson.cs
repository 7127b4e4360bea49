using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Stack.Contracts;

/// <summary>The JSON options of every wire and every row: snake_case names, nulls left out, the discriminator in any position (<c>jsonb</c> reorders keys).</summary>
/// <remarks>
/// Made by reflection on purpose: serializers that are generated at compile time give an absent property the default of its type and not that of its declaration
/// (<c>wait_ms</c> 0 and not 30,000, a list null and not empty), and they are no faster here.
/// </remarks>
public static class StackJson
{
    /// <summary>The options. Read-only.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>What the options know about a type.</summary>
    /// <typeparam name="T">The type.</typeparam>
    public static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            AllowOutOfOrderMetadataProperties = true,
            RespectNullableAnnotations = true,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        };
        options.MakeReadOnly();
        return options;
    }
}
