using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>Names one question to a person: a UUID version 8 (RFC 9562) that follows from the workflow, the stage and which of its questions it is. Written as 36 characters with hyphens.</summary>
/// <param name="Value">The UUID.</param>
[JsonConverter(typeof(Converter))]
public readonly record struct ApprovalId(Guid Value) : ISpanParsable<ApprovalId>
{
    /// <summary>The id of a stage's question: the same wherever and however often it is computed.</summary>
    /// <param name="workflowId">The workflow.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="number">Which of the stage's questions, from 1.</param>
    public static ApprovalId Of(WorkflowId workflowId, string stage, int number)
    {
        var name = Encoding.UTF8.GetBytes(stage);
        var named = new byte[20 + name.Length];
        workflowId.Value.TryWriteBytes(named, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(named.AsSpan(16), number);
        name.CopyTo(named, 20);
        var bytes = SHA256.HashData(named).AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new ApprovalId(new Guid(bytes, bigEndian: true));
    }

    /// <summary>The hyphenated text, 36 characters.</summary>
    public override string ToString() => Value.ToString("D");

    /// <inheritdoc />
    public static ApprovalId Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => new(Guid.Parse(s));

    /// <inheritdoc />
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out ApprovalId result)
    {
        var parsed = Guid.TryParse(s, out var value);
        result = new ApprovalId(value);
        return parsed;
    }

    /// <inheritdoc />
    public static ApprovalId Parse(string s, IFormatProvider? provider) => new(Guid.Parse(s));

    /// <inheritdoc />
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out ApprovalId result) => TryParse(s.AsSpan(), provider, out result);

    /// <summary>Reads and writes it as JSON.</summary>
    public sealed class Converter : JsonConverter<ApprovalId>
    {
        /// <inheritdoc />
        public override ApprovalId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetGuid());

        /// <inheritdoc />
        public override void Write(Utf8JsonWriter writer, ApprovalId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
    }
}
