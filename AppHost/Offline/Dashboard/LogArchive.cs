using System.Globalization;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>A line of a log on disk.</summary>
internal sealed record ArchivedLine(DateTimeOffset At, string Text);

/// <summary>A page of a log, oldest first.</summary>
/// <param name="Lines">The lines.</param>
/// <param name="Cursor">Where the page before this one ends; null when there is nothing older.</param>
internal sealed record ArchivePage(IReadOnlyList<ArchivedLine> Lines, string? Cursor);

/// <summary>
/// Reads what <see cref="LogFile"/> wrote, backwards, page by page, while it is being written and rotated. A cursor names a file by its first line, which stays the same when the file
/// gets another name, and a place in it.
/// </summary>
internal sealed class LogArchive(string directory)
{
    private const int FilesKept = 3;
    private const int LongestLine = 16_384;

    /// <summary>The lines before the last <paramref name="newest"/> ones.</summary>
    internal ArchivePage ReadBefore(string name, int newest, int count, string? text)
    {
        var files = FilesOf(name).ToArray();
        return Collect(files, 0, long.MaxValue, newest, count, text);
    }

    /// <summary>The lines before the cursor; none when its file was rotated away.</summary>
    internal ArchivePage ReadBefore(string name, string cursor, int count, string? text)
    {
        var files = FilesOf(name).ToArray();
        var at = cursor.LastIndexOf('@');
        var index = at < 0 ? -1 : Array.FindIndex(files, file => IdentityOf(file) == cursor[..at]);
        return index >= 0 && long.TryParse(cursor[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            ? Collect(files, index, position, skip: 0, count, text)
            : new([], Cursor: null);
    }

    /// <summary>The files of a log, newest first.</summary>
    internal IEnumerable<string> FilesOf(string name) =>
        Enumerable.Range(0, FilesKept).Select(number => Path.Combine(directory, number == 0 ? $"{name}.log" : string.Create(CultureInfo.InvariantCulture, $"{name}.{number}.log"))).Where(File.Exists);

    private static ArchivePage Collect(string[] files, int first, long end, int skip, int count, string? text)
    {
        var found = new List<ArchivedLine>(count);
        for (var index = first; index < files.Length; index++)
        {
            foreach (var (line, position) in Backwards(files[index], index == first ? end : long.MaxValue))
            {
                if (skip > 0)
                {
                    skip--;
                    continue;
                }
                if (text is null || line.Text.Contains(text, StringComparison.OrdinalIgnoreCase))
                {
                    found.Add(line);
                }
                if (found.Count == count)
                {
                    found.Reverse();
                    return new(found, position > 0 || index + 1 < files.Length ? $"{IdentityOf(files[index])}@{position}" : null);
                }
            }
        }
        found.Reverse();
        return new(found, Cursor: null);
    }

    /// <summary>The records of a file from its end, or from a place in it, each with the place where it begins. A line without a time stamp belongs to the one before it.</summary>
    private static IEnumerable<(ArchivedLine Line, long Position)> Backwards(string path, long end)
    {
        using var stream = Open(path);
        if (stream is null)
        {
            yield break;
        }
        var rest = new List<string>();
        foreach (var (text, position) in LinesBackwards(stream, Math.Min(end, stream.Length)))
        {
            if (TryStamp(text, out var at))
            {
                rest.Add(text[(text.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
                rest.Reverse();
                yield return (new(at, string.Join('\n', rest)), position);
                rest.Clear();
            }
            else
            {
                rest.Add(text);
            }
        }
    }

    private static IEnumerable<(string Text, long Position)> LinesBackwards(FileStream stream, long end)
    {
        const int block = 64 * 1024;
        var tail = Array.Empty<byte>();
        for (var start = end; start > 0;)
        {
            var size = (int)Math.Min(block, start);
            start -= size;
            var bytes = new byte[size + tail.Length];
            stream.Position = start;
            stream.ReadExactly(bytes, 0, size);
            tail.CopyTo(bytes, size);
            var until = bytes.Length;
            for (var index = bytes.Length - 1; index >= 0; index--)
            {
                // The line break that ends the last line is not the beginning of another.
                if (bytes[index] == '\n' && index + 1 < until)
                {
                    yield return (Decode(bytes.AsSpan((index + 1)..until)), start + index + 1);
                    until = index + 1;
                }
            }
            tail = bytes[..until];
            if (start == 0 && tail.Length > 0)
            {
                yield return (Decode(tail), 0);
            }
        }
    }

    private static string Decode(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, LongestLine)]).TrimEnd('\r', '\n');

    private static bool TryStamp(string text, out DateTimeOffset at)
    {
        at = default;
        return text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space
            && DateTimeOffset.TryParseExact(text.AsSpan(0, space), "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out at);
    }

    private static string IdentityOf(string path)
    {
        using var stream = Open(path);
        if (stream is null)
        {
            return "";
        }
        var bytes = new byte[64];
        var read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes.AsSpan(0, read)))[..16];
    }

    private static FileStream? Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
