using System.Buffers.Binary;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Reads one message of the protobuf wire format, field by field, without copying. Every length is checked against what is there, so that garbage ends in a
/// <see cref="MalformedTelemetryException"/> and nothing else.
/// </summary>
internal ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    private const int LongestVarint = 10;

    private ReadOnlySpan<byte> rest = message;
    private WireType wireType;

    private enum WireType
    {
        Varint = 0,
        Fixed64 = 1,
        Bytes = 2,
        Fixed32 = 5,
    }

    /// <summary>The number of the field that <see cref="NextField"/> came to.</summary>
    internal int Field { get; private set; }

    /// <summary>Goes to the next field; its value must be read or skipped then. False at the end of the message.</summary>
    internal bool NextField()
    {
        if (rest.IsEmpty)
        {
            return false;
        }
        var tag = RawVarint();
        var number = tag >> 3;
        if (number is 0 or > 536_870_911)
        {
            throw new MalformedTelemetryException($"field number {number}");
        }
        wireType = (WireType)(tag & 7);
        Field = (int)number;
        return true;
    }

    internal void Skip()
    {
        switch (wireType)
        {
            case WireType.Varint:
                RawVarint();
                break;
            case WireType.Fixed64:
                Take(sizeof(ulong));
                break;
            case WireType.Fixed32:
                Take(sizeof(uint));
                break;
            case WireType.Bytes:
                RawBytes();
                break;
            default:
                throw new MalformedTelemetryException($"wire type {(int)wireType}");
        }
    }

    /// <summary>A string, bytes, an embedded message or packed numbers.</summary>
    internal ReadOnlySpan<byte> Bytes()
    {
        Expect(WireType.Bytes);
        return RawBytes();
    }

    /// <summary>An embedded message.</summary>
    internal ProtoReader Message() => new(Bytes());

    internal ulong Varint()
    {
        Expect(WireType.Varint);
        return RawVarint();
    }

    internal ulong Fixed64()
    {
        Expect(WireType.Fixed64);
        return BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));
    }

    internal double Double() => BitConverter.UInt64BitsToDouble(Fixed64());

    /// <summary>The last embedded message or text with that number in the whole message, wherever it stands; empty when there is none.</summary>
    internal static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> message, int field)
    {
        ReadOnlySpan<byte> found = default;
        var reader = new ProtoReader(message);
        while (reader.NextField())
        {
            if (reader.Field == field && reader.wireType == WireType.Bytes)
            {
                found = reader.RawBytes();
            }
            else
            {
                reader.Skip();
            }
        }
        return found;
    }

    private readonly void Expect(WireType expected)
    {
        if (wireType != expected)
        {
            throw new MalformedTelemetryException($"field {Field} has the wire type {(int)wireType} and not {(int)expected}");
        }
    }

    private ReadOnlySpan<byte> RawBytes()
    {
        var length = RawVarint();
        if (length > (ulong)rest.Length)
        {
            throw new MalformedTelemetryException($"field {Field} wants {length} bytes, {rest.Length} are left");
        }
        return Take((int)length);
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (rest.Length < length)
        {
            throw new MalformedTelemetryException($"field {Field} is cut off");
        }
        var taken = rest[..length];
        rest = rest[length..];
        return taken;
    }

    private ulong RawVarint()
    {
        ulong value = 0;
        for (var index = 0; index < LongestVarint && index < rest.Length; index++)
        {
            var part = rest[index];
            value |= (ulong)(part & 0x7F) << (7 * index);
            if (part < 0x80)
            {
                rest = rest[(index + 1)..];
                return value;
            }
        }
        throw new MalformedTelemetryException(rest.Length < LongestVarint ? "a number is cut off" : "a number of more than 64 bits");
    }
}
