using System.Buffers;
using System.Globalization;
using System.Text;

namespace Stack.Orchestrator.Workspaces;

/// <summary>Git's packet lines: four hexadecimal digits of length, themselves included, then the content; <c>0000</c> ends a list.</summary>
internal static class PacketLine
{
    public const int MaxLength = 65_520;

    public static ReadOnlySpan<byte> Flush => "0000"u8;

    /// <summary>Appends one line.</summary>
    public static void Append(MemoryStream target, ReadOnlySpan<byte> content)
    {
        target.Write(Encoding.ASCII.GetBytes((content.Length + 4).ToString("x4", CultureInfo.InvariantCulture)));
        target.Write(content);
    }

    /// <summary>Appends one line of text.</summary>
    public static void Append(MemoryStream target, string content) => Append(target, Encoding.UTF8.GetBytes(content));

    /// <summary>Reads one line and copies its bytes, length included.</summary>
    /// <returns>The content; empty for a flush; null at the end of the stream or when it is no packet line.</returns>
    public static async Task<string?> ReadAsync(Stream source, IBufferWriter<byte> copy, CancellationToken cancellationToken)
    {
        var head = new byte[4];
        if (await source.ReadAtLeastAsync(head, 4, throwOnEndOfStream: false, cancellationToken) < 4
            || !int.TryParse(Encoding.ASCII.GetString(head), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var length)
            || length is < 0 or > MaxLength or (> 0 and < 4))
        {
            return null;
        }

        copy.Write(head);
        if (length <= 4)
        {
            return "";
        }

        var content = new byte[length - 4];
        if (await source.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, cancellationToken) < content.Length)
        {
            return null;
        }

        copy.Write(content);
        return Encoding.UTF8.GetString(content);
    }
}
