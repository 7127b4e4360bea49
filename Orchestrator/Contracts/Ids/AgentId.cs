using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>Names one running agent: its type, a hyphen and eight hexadecimal digits, for example <c>scaffold-1f0a9c3e</c>.</summary>
/// <param name="Value">The text.</param>
[JsonConverter(typeof(Converter))]
public readonly record struct AgentId(string Value) : IParsable<AgentId>
{
    /// <summary>Makes an id for a new instance of an agent type.</summary>
    /// <param name="agentType">The agent type.</param>
    /// <param name="random">Where the digits come from.</param>
    public static AgentId New(string agentType, Random random) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{agentType}-{random.NextInt64(0, 1L << 32):x8}"));

    /// <inheritdoc />
    public override string ToString() => Value ?? "";

    /// <inheritdoc />
    public static AgentId Parse(string s, IFormatProvider? provider) => new(s);

    /// <inheritdoc />
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out AgentId result)
    {
        result = new AgentId(s ?? "");
        return !string.IsNullOrEmpty(s) && s.Length <= 128 && !s.Any(letter => char.IsControl(letter) || char.IsSurrogate(letter));
    }

    /// <summary>Reads and writes it as JSON.</summary>
    public sealed class Converter : JsonConverter<AgentId>
    {
        /// <inheritdoc />
        public override AgentId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var text = reader.GetString();
            return TryParse(text, null, out var id) ? id : throw new JsonException($"'{text}' is not an agent id (1 to 128 letters, digits and signs).");
        }

        /// <inheritdoc />
        public override void Write(Utf8JsonWriter writer, AgentId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
    }
}
