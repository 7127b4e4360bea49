using System.Buffers.Binary;

namespace Aspire.Hosting.Offline;

/// <summary>Writes bytes, numbers and varints into memory that grows, and that is used again after <see cref="Clear"/>.</summary>
internal sealed class ByteWriter
{
    private byte[] buffer = new byte[4096];

    internal int Length { get; private set; }

    internal ReadOnlySpan<byte> Written => buffer.AsSpan(0, Length);

    internal void Clear() => Length = 0;

    /// <summary>Takes back what was written after that length.</summary>
    internal void CutTo(int length) => Length = length;

    internal void Byte(byte value) => Room(1)[0] = value;

    internal void Varint(ulong value)
    {
        var room = Room(10);
        var used = 0;
        while (value >= 0x80)
        {
            room[used++] = (byte)(value | 0x80);
            value >>= 7;
        }
        room[used++] = (byte)value;
        Length -= 10 - used;
    }

    internal void ZigZag(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

    internal void Fixed64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Room(sizeof(ulong)), value);

    internal void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Room(bytes.Length));

    private Span<byte> Room(int wanted)
    {
        if (buffer.Length - Length < wanted)
        {
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, Length + wanted));
        }
        Length += wanted;
        return buffer.AsSpan(Length - wanted, wanted);
    }
}
