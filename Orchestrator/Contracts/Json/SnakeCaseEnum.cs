using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>Writes an enum as its name in snake_case, the way every enum of the wire is written.</summary>
/// <typeparam name="TEnum">The enum.</typeparam>
public sealed class SnakeCaseEnum<TEnum>() : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where TEnum : struct, Enum;
