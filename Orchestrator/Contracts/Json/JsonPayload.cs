using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>
/// A JSON value that is carried without being understood: stage inputs and outputs, which pass through the orchestrator as bytes.
/// Immutable. Equality is by bytes.
/// </summary>
[JsonConverter(typeof(Converter))]
public sealed class JsonPayload : IEquatable<JsonPayload>
{
    private readonly byte[] _utf8;

    private JsonPayload(byte[] utf8) => _utf8 = utf8;

    /// <summary>The empty object, <c>{}</c>.</summary>
    public static JsonPayload EmptyObject { get; } = new("{}"u8.ToArray());

    /// <summary>The value as UTF-8 JSON text.</summary>
    public ReadOnlyMemory<byte> Utf8 => _utf8;

    /// <summary>The length of the JSON text in bytes.</summary>
    public int SizeBytes => _utf8.Length;

    /// <summary>Takes bytes that are known to be one JSON value, as the store gives them back. They are not checked and must not change afterwards.</summary>
    /// <param name="utf8">The JSON text.</param>
    public static JsonPayload FromTrustedUtf8(byte[] utf8) => new(utf8);

    /// <summary>Parses text as one JSON value.</summary>
    /// <param name="json">The JSON text.</param>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public static JsonPayload Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return FromElement(document.RootElement);
    }

    /// <summary>Copies the text of an element.</summary>
    /// <param name="element">The element.</param>
    public static JsonPayload FromElement(JsonElement element) => new(JsonMarshal.GetRawUtf8Value(element).ToArray());

    /// <summary>Serializes a value with the shared options.</summary>
    /// <typeparam name="T">The value's type.</typeparam>
    /// <param name="value">The value.</param>
    public static JsonPayload From<T>(T value) => new(JsonSerializer.SerializeToUtf8Bytes(value, StackJson.Options));

    /// <summary>Deserializes the value with the shared options.</summary>
    /// <typeparam name="T">The target type.</typeparam>
    /// <returns>The value, or null for JSON <c>null</c>.</returns>
    /// <exception cref="JsonException">The value does not fit the type.</exception>
    public T? To<T>() => JsonSerializer.Deserialize<T>(_utf8, StackJson.Options);

    /// <summary>Gives the value as an element that owns its memory.</summary>
    public JsonElement ToElement()
    {
        using var document = JsonDocument.Parse(_utf8);
        return document.RootElement.Clone();
    }

    /// <inheritdoc />
    public bool Equals(JsonPayload? other) => other is not null && _utf8.AsSpan().SequenceEqual(other._utf8);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as JsonPayload);

    /// <inheritdoc />
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(_utf8);
        return hash.ToHashCode();
    }

    /// <inheritdoc />
    public override string ToString() => Encoding.UTF8.GetString(_utf8);

    /// <summary>Reads and writes it as JSON.</summary>
    public sealed class Converter : JsonConverter<JsonPayload>
    {
        /// <inheritdoc />
        public override JsonPayload Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            return FromElement(document.RootElement);
        }

        /// <inheritdoc />
        public override void Write(Utf8JsonWriter writer, JsonPayload value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value._utf8, skipInputValidation: true);
    }
}
