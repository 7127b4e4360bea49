using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>Names one workflow: a UUID version 7 (RFC 9562), so that ids sort by creation time. Written as 36 characters with hyphens.</summary>
/// <param name="Value">The UUID.</param>
[JsonConverter(typeof(Converter))]
public readonly record struct WorkflowId(Guid Value) : IComparable<WorkflowId>, ISpanParsable<WorkflowId>
{
    private const int CounterBits = 12;
    private const long MostAhead = 10L << CounterBits;

    // Milliseconds and counter of the id made last, of each clock.
    private static readonly ConditionalWeakTable<TimeProvider, StrongBox<long>> s_last = [];

    /// <summary>Makes an id that no other process makes. Ids of one process and clock sort in the order of their making, also within a millisecond (a counter, RFC 9562 section 6.2).</summary>
    /// <param name="time">The clock whose time goes into the id.</param>
    public static WorkflowId New(TimeProvider time)
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(time.GetUtcNow()).TryWriteBytes(bytes, bigEndian: true, out _);
        var place = Next(ref s_last.GetOrCreateValue(time).Value, BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16);
        const long Version = 7L << CounterBits;
        BinaryPrimitives.WriteInt64BigEndian(bytes, (place >> CounterBits << 16) | Version | (place & ((1L << CounterBits) - 1)));
        return new WorkflowId(new Guid(bytes, bigEndian: true));
    }

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

    // More ids than the counter holds borrow the next millisecond.
    private static long Next(ref long made, long milliseconds)
    {
        var first = milliseconds << CounterBits;
        long last, next;
        do
        {
            last = Volatile.Read(ref made);
            next = first <= last && last < first + MostAhead ? last + 1 : first;
        }
        while (Interlocked.CompareExchange(ref made, next, last) != last);
        return next;
    }

    /// <summary>Reads and writes it as JSON.</summary>
    public sealed class Converter : JsonConverter<WorkflowId>
    {
        /// <inheritdoc />
        public override WorkflowId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetGuid());

        /// <inheritdoc />
        public override void Write(Utf8JsonWriter writer, WorkflowId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
    }
}
