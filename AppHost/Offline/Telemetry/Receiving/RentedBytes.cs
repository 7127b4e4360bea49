using System.Buffers;
using System.IO.Compression;

namespace Aspire.Hosting.Offline;

/// <summary>A stream's bytes in memory that is given back. Not thread-safe.</summary>
internal sealed class RentedBytes : IDisposable
{
    private const int FirstLength = 16 * 1024;

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(FirstLength);

    internal int Length { get; private set; }

    internal ReadOnlyMemory<byte> Memory => buffer.AsMemory(0, Length);

    /// <summary>Reads the stream to its end; false when it has more than <paramref name="limit"/> bytes.</summary>
    internal async Task<bool> FillAsync(Stream stream, int limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Length == buffer.Length)
            {
                Grow();
            }
            // One byte over the limit is enough to see that it is too much.
            var room = Math.Min(buffer.Length - Length, limit + 1 - Length);
            var read = await stream.ReadAsync(buffer.AsMemory(Length, room), cancellationToken);
            Length += read;
            if (read == 0 || Length > limit)
            {
                return Length <= limit;
            }
        }
    }

    /// <summary>Unpacks gzip; false when the result has more than <paramref name="limit"/> bytes.</summary>
    internal async Task<bool> UnpackAsync(ReadOnlyMemory<byte> packed, int limit, CancellationToken cancellationToken)
    {
        try
        {
            using var source = new MemoryStream(packed.ToArray(), writable: false);
            await using var unpacking = new GZipStream(source, CompressionMode.Decompress);
            return await FillAsync(unpacking, limit, cancellationToken);
        }
        catch (InvalidDataException failure)
        {
            throw new MalformedTelemetryException($"it is no gzip ({failure.Message.TrimEnd('.')})");
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
