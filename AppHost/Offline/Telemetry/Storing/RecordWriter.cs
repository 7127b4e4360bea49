namespace Aspire.Hosting.Offline;

/// <summary>The kinds of values in the store's own short form.</summary>
internal enum ValueTag : byte
{
    Null,
    Text,
    True,
    False,
    Integer,
    Number,
    Bytes,

    /// <summary>An array or a list of keys and values, as it came on the wire.</summary>
    Nested,
}

/// <summary>
/// Writes attributes and texts in the store's short form, which <see cref="RecordReader"/> reads: keys and texts that come often are numbers of the string table.
/// What is too much is cut: texts of more than 16 KiB, and attributes after the 128th. Not thread-safe.
/// </summary>
internal sealed class RecordWriter(StringTable strings)
{
    internal const int LongestText = 16 * 1024;
    internal const int MostAttributes = 128;

    // Marks a text that was cut.
    private static readonly byte[] Ellipsis = "…"u8.ToArray();

    private readonly List<Range> attributes = [];

    internal ByteWriter Output { get; } = new();

    internal void Key(ReadOnlySpan<byte> utf8) => Text(utf8, strings.ShareKey(utf8));

    internal void Text(ReadOnlySpan<byte> utf8) => Text(utf8, strings.ShareValue(utf8));

    /// <summary>Writes a text as it is, whatever the table holds: equal texts are equal bytes.</summary>
    internal void PlainText(ReadOnlySpan<byte> utf8) => Text(utf8, shared: null);

    /// <summary>
    /// Writes the attributes of a message: those of its fields with that number. <paramref name="isIdentity"/>: equal attributes are equal bytes, always.
    /// True when one has the key <paramref name="marker"/>.
    /// </summary>
    internal bool Attributes(ReadOnlySpan<byte> message, int field, bool isIdentity = false, ReadOnlySpan<byte> marker = default)
    {
        var own = attributes.Count;
        var reader = new ProtoReader(message);
        while (reader.NextField())
        {
            if (reader.Field != field)
            {
                reader.Skip();
                continue;
            }
            var pair = reader.Bytes();
            ProtoValue.Check(ProtoReader.Find(pair, 2));
            if (attributes.Count - own < MostAttributes)
            {
                message.Overlaps(pair, out var offset);
                attributes.Add(pair.IsEmpty ? default : offset..(offset + pair.Length));
            }
        }
        Output.Varint((ulong)(attributes.Count - own));
        var isMarked = false;
        for (var index = own; index < attributes.Count; index++)
        {
            isMarked |= Attribute(message[attributes[index]], isIdentity, marker);
        }
        attributes.RemoveRange(own, attributes.Count - own);
        return isMarked;
    }

    internal void Value(ReadOnlySpan<byte> any, bool isIdentity = false)
    {
        var reader = new ProtoReader(any);
        var (field, start) = (0, Output.Length);
        while (reader.NextField())
        {
            // A oneof: the last one counts.
            Output.CutTo(start);
            field = reader.Field;
            if (!Scalar(ref reader, isIdentity))
            {
                reader.Skip();
                Output.CutTo(start);
                field = 0;
            }
        }
        if (field == 0)
        {
            Output.Byte((byte)ValueTag.Null);
        }
    }

    private bool Attribute(ReadOnlySpan<byte> pair, bool isIdentity, ReadOnlySpan<byte> marker)
    {
        var key = ProtoReader.Find(pair, 1);
        Key(key);
        Value(ProtoReader.Find(pair, 2), isIdentity);
        return !marker.IsEmpty && key.SequenceEqual(marker);
    }

    private bool Scalar(ref ProtoReader reader, bool isIdentity)
    {
        switch (reader.Field)
        {
            case 1:
                var text = reader.Bytes();
                Output.Byte((byte)ValueTag.Text);
                Text(text, isIdentity ? null : strings.ShareValue(text));
                return true;
            case 2:
                Output.Byte((byte)(reader.Varint() == 0 ? ValueTag.False : ValueTag.True));
                return true;
            case 3:
                Output.Byte((byte)ValueTag.Integer);
                Output.ZigZag((long)reader.Varint());
                return true;
            case 4:
                Output.Byte((byte)ValueTag.Number);
                Output.Fixed64(reader.Fixed64());
                return true;
            case 5 or 6:
                Nested(reader.Field, reader.Bytes());
                return true;
            case 7:
                var bytes = reader.Bytes();
                Output.Byte((byte)ValueTag.Bytes);
                Inline(bytes[..Math.Min(bytes.Length, LongestText)]);
                return true;
            default:
                return false;
        }
    }

    private void Nested(int field, ReadOnlySpan<byte> message)
    {
        if (message.Length > LongestText)
        {
            Output.Byte((byte)ValueTag.Text);
            Text("(too large to keep)"u8);
            return;
        }
        Output.Byte((byte)ValueTag.Nested);
        Output.Byte((byte)field);
        Inline(message);
    }

    private void Text(ReadOnlySpan<byte> utf8, int? shared)
    {
        if (shared is { } number)
        {
            Output.Varint(((ulong)number << 1) | 1);
            return;
        }
        if (utf8.Length <= LongestText)
        {
            Output.Varint((ulong)utf8.Length << 1);
            Output.Bytes(utf8);
            return;
        }
        var cut = LongestText;
        while ((utf8[cut] & 0xC0) == 0x80)
        {
            cut--;
        }
        Output.Varint((ulong)(cut + Ellipsis.Length) << 1);
        Output.Bytes(utf8[..cut]);
        Output.Bytes(Ellipsis);
    }

    private void Inline(ReadOnlySpan<byte> bytes)
    {
        Output.Varint((ulong)bytes.Length);
        Output.Bytes(bytes);
    }
}
