using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>Reads what <see cref="RecordWriter"/> wrote. The table only grows, and is read under the store's lock.</summary>
internal ref struct RecordReader(ReadOnlySpan<byte> record, StringTable strings)
{
    private ReadOnlySpan<byte> rest = record;

    internal string Text()
    {
        var head = Varint();
        return (head & 1) == 1 ? strings[(int)(head >> 1)] : Encoding.UTF8.GetString(Take((int)(head >> 1)));
    }

    /// <summary>Whether the text has the words in it, whatever their case.</summary>
    internal bool TextContains(string words) => Text().Contains(words, StringComparison.OrdinalIgnoreCase);

    internal ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = rest[0];
            rest = rest[1..];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }

    internal long ZigZag()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    internal ulong Fixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    internal UInt128 Fixed128()
    {
        var upper = Fixed64();
        return new UInt128(upper, Fixed64());
    }

    internal Dictionary<string, object?> Attributes()
    {
        var count = (int)Varint();
        var attributes = new Dictionary<string, object?>(count, StringComparer.Ordinal);
        for (var index = 0; index < count; index++)
        {
            var key = Text();
            attributes[key] = Value();
        }
        return attributes;
    }

    internal void SkipAttributes()
    {
        for (var left = (int)Varint(); left > 0; left--)
        {
            SkipText();
            SkipValue();
        }
    }

    internal object? Value()
    {
        switch ((ValueTag)Take(1)[0])
        {
            case ValueTag.Text:
                return Text();
            case ValueTag.True:
                return true;
            case ValueTag.False:
                return false;
            case ValueTag.Integer:
                return ProtoValue.Exact(ZigZag());
            case ValueTag.Number:
                return ProtoValue.Finite(BitConverter.UInt64BitsToDouble(Fixed64()));
            case ValueTag.Bytes:
                return Convert.ToBase64String(Take((int)Varint()));
            case ValueTag.Nested:
                var field = Take(1)[0];
                return ProtoValue.Read(field, Take((int)Varint()));
            default:
                return null;
        }
    }

    /// <summary>A value as one text: how a reader would type it.</summary>
    internal static string AsText(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        _ when value is IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => System.Text.Json.JsonSerializer.Serialize(value, ControlAnswer.Json),
    };

    internal void SkipText()
    {
        var head = Varint();
        if ((head & 1) == 0)
        {
            Take((int)(head >> 1));
        }
    }

    private void SkipValue()
    {
        switch ((ValueTag)Take(1)[0])
        {
            case ValueTag.Text:
                SkipText();
                break;
            case ValueTag.Integer:
                Varint();
                break;
            case ValueTag.Number:
                Take(sizeof(ulong));
                break;
            case ValueTag.Bytes:
                Take((int)Varint());
                break;
            case ValueTag.Nested:
                Take(1);
                Take((int)Varint());
                break;
        }
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        var taken = rest[..length];
        rest = rest[length..];
        return taken;
    }
}
