namespace Aspire.Hosting.Offline;

/// <summary>Where the bytes of a record are.</summary>
internal readonly record struct Blob(byte[] Block, int Offset, int Length)
{
    internal ReadOnlySpan<byte> Bytes => Block.AsSpan(Offset, Length);
}

/// <summary>Puts the bytes of records one after another into blocks; a block is gone when the last record in it is. Not thread-safe.</summary>
internal sealed class BlobBlocks
{
    private const int BlockLength = 64 * 1024;

    private byte[] current = [];
    private int used;

    internal Blob Add(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > BlockLength / 4)
        {
            return new Blob(bytes.ToArray(), 0, bytes.Length);
        }
        if (current.Length - used < bytes.Length)
        {
            (current, used) = (new byte[BlockLength], 0);
        }
        bytes.CopyTo(current.AsSpan(used));
        used += bytes.Length;
        return new Blob(current, used - bytes.Length, bytes.Length);
    }

    internal void Clear() => (current, used) = ([], 0);
}
