using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Entries of the journal that were written together. In a file: a head (mark, length, length when unpacked, records in it, CRC-32C of all that and of what follows; each four
/// bytes, little-endian), then the entries, packed with Brotli. An entry is its kind (one byte), when it was received (UTC ticks), its length and its content.
/// </summary>
internal static class JournalBlock
{
    internal const int HeadLength = 20;

    private const uint Mark = 0x314C4554; // "TEL1"
    private const int EntryHeadLength = 13;
    private const int LargestUnpacked = 64 << 20;
    private const int Quality = 1;
    private const int Window = 20;

    internal static void WriteEntry(ByteWriter output, JournalEntryKind kind, DateTimeOffset received, ReadOnlySpan<byte> content)
    {
        Span<byte> head = stackalloc byte[EntryHeadLength];
        head[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(head[1..], received.UtcTicks);
        BinaryPrimitives.WriteInt32LittleEndian(head[9..], content.Length);
        output.Bytes(head);
        output.Bytes(content);
    }

    internal static byte[] Pack(ReadOnlySpan<byte> entries, int items)
    {
        var packed = new byte[HeadLength + BrotliEncoder.GetMaxCompressedLength(entries.Length)];
        if (!BrotliEncoder.TryCompress(entries, packed.AsSpan(HeadLength), out var length, Quality, Window))
        {
            throw new InvalidOperationException("Brotli needs more than the length it named.");
        }
        var head = packed.AsSpan(0, HeadLength);
        BinaryPrimitives.WriteUInt32LittleEndian(head, Mark);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], length);
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], entries.Length);
        BinaryPrimitives.WriteInt32LittleEndian(head[12..], items);
        BinaryPrimitives.WriteUInt32LittleEndian(head[16..], Checksum(head, packed.AsSpan(HeadLength, length)));
        return packed[..(HeadLength + length)];
    }

    /// <summary>The length of what follows a head, if it is one.</summary>
    internal static int? LengthAfter(ReadOnlySpan<byte> head) =>
        BinaryPrimitives.ReadUInt32LittleEndian(head) == Mark
        && BinaryPrimitives.ReadInt32LittleEndian(head[4..]) is > 0 and <= LargestUnpacked and var length
        && BinaryPrimitives.ReadInt32LittleEndian(head[8..]) is >= 0 and <= LargestUnpacked
            ? length
            : null;

    internal static int ItemsOf(ReadOnlySpan<byte> head) => BinaryPrimitives.ReadInt32LittleEndian(head[12..]);

    /// <summary>The entries of a block; null when it is damaged.</summary>
    internal static byte[]? Unpack(ReadOnlySpan<byte> head, ReadOnlySpan<byte> packed)
    {
        if (Checksum(head, packed) != BinaryPrimitives.ReadUInt32LittleEndian(head[16..]))
        {
            return null;
        }
        var entries = new byte[BinaryPrimitives.ReadInt32LittleEndian(head[8..])];
        return BrotliDecoder.TryDecompress(packed, entries, out var length) && length == entries.Length ? entries : null;
    }

    internal static void ReadEntries(ReadOnlySpan<byte> entries, JournalEntryReader read)
    {
        while (entries.Length >= EntryHeadLength)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(entries[9..]);
            if (length < 0 || length > entries.Length - EntryHeadLength)
            {
                return;
            }
            var ticks = Math.Clamp(BinaryPrimitives.ReadInt64LittleEndian(entries[1..]), 0, DateTimeOffset.MaxValue.Ticks);
            read((JournalEntryKind)entries[0], new DateTimeOffset(ticks, TimeSpan.Zero), entries.Slice(EntryHeadLength, length));
            entries = entries[(EntryHeadLength + length)..];
        }
    }

    private static uint Checksum(ReadOnlySpan<byte> head, ReadOnlySpan<byte> packed) => Checksum(packed, Checksum(head[..16], uint.MaxValue));

    private static uint Checksum(ReadOnlySpan<byte> bytes, uint sum)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }
        foreach (var one in bytes)
        {
            sum = BitOperations.Crc32C(sum, one);
        }
        return sum;
    }
}

/// <summary>Takes an entry of the journal.</summary>
internal delegate void JournalEntryReader(JournalEntryKind kind, DateTimeOffset received, ReadOnlySpan<byte> content);
