using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>Reads a stream line by line; a line longer than 16 KiB is given in pieces, so that no program can fill the memory.</summary>
internal static class LineReader
{
    private const int LongestLineBytes = 16 * 1024;

    internal static async Task ReadAsync(Stream stream, Action<string> onLine)
    {
        var buffer = new byte[LongestLineBytes];
        var filled = 0;
        try
        {
            while (await stream.ReadAsync(buffer.AsMemory(filled)) is var read and > 0)
            {
                filled += read;
                var taken = TakeLines(buffer.AsSpan(0, filled), onLine);
                if (taken == 0 && filled == buffer.Length)
                {
                    onLine(Text(buffer));
                    taken = filled;
                }
                buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
                filled -= taken;
            }
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            // The process was given up; what was read so far is all there is.
        }
        if (filled > 0)
        {
            onLine(Text(buffer.AsSpan(0, filled)));
        }
    }

    private static int TakeLines(ReadOnlySpan<byte> bytes, Action<string> onLine)
    {
        var taken = 0;
        while (bytes[taken..].IndexOf((byte)'\n') is var length and >= 0)
        {
            onLine(Text(bytes.Slice(taken, length)));
            taken += length + 1;
        }
        return taken;
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes.TrimEnd((byte)'\r'));
}
