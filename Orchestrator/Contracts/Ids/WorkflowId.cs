using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>Names one workflow: a UUID version 7 (RFC 9562), so that ids sort by creation time. Written as 36 characters with hyphens.</summary>
/// <param name="Value">The UUID.</param>
[JsonConverter(typeof(Converter))]
public readonly record struct WorkflowId(Guid Value) : IComparable<WorkflowId>, ISpanParsable<WorkflowId>
{
    /// <summary>Makes an id that no other process makes.</summary>
    /// <param name="time">The clock whose time goes into the id.</param>
    public static WorkflowId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));

    /// <inheritdoc />
    public int CompareTo(WorkflowId other) => Value.CompareTo(other.Value);

    /// <summary>The hyphenated text, 36 characters.</summary>
    public override string ToString() => Value.ToString("D");

    /// <inheritdoc />
    public static WorkflowId Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => new(Guid.Parse(s));

    /// <inheritdoc />
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out WorkflowId result)
    {
        var parsed = Guid.TryParse(s, out var value);
        result = new WorkflowId(value);
        return parsed;
    }

    /// <inheritdoc />
    public static WorkflowId Parse(string s, IFormatProvider? provider) => new(Guid.Parse(s));

    /// <inheritdoc />
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out WorkflowId result) => TryParse(s.AsSpan(), provider, out result);

    /// <summary>Orders by creation time.</summary>
    public static bool operator <(WorkflowId left, WorkflowId right) => left.CompareTo(right) < 0;

    /// <summary>Orders by creation time.</summary>
    public static bool operator >(WorkflowId left, WorkflowId right) => left.CompareTo(right) > 0;

    /// <summary>Orders by creation time.</summary>
    public static bool operator <=(WorkflowId left, WorkflowId right) => left.CompareTo(right) <= 0;

    /// <summary>Orders by creation time.</summary>
    public static bool operator >=(WorkflowId left, WorkflowId right) => left.CompareTo(right) >= 0;

    /// <summary>Reads and writes it as JSON.</summary>
    public sealed class Converter : JsonConverter<WorkflowId>
    {
        /// <inheritdoc />
        public override WorkflowId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetGuid());

        /// <inheritdoc />
        public override void Write(Utf8JsonWriter writer, WorkflowId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
    }
}
