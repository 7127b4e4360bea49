using System.Globalization;

namespace Aspire.Hosting.Offline;

/// <summary>
/// The files of one signal: <c>SIGNAL-NUMBER.tel</c>, blocks one after another, the highest number the newest. A run writes files of its own; the oldest file goes when all
/// take too much room, or hold more than memory does without it. Not thread-safe.
/// </summary>
internal sealed class SegmentFiles(string directory, TelemetrySignal signal, TelemetryOptions options) : IDisposable
{
    private const string Extension = ".tel";

    private readonly List<Segment> segments = [];
    private FileStream? current;

    internal long Bytes => segments.Sum(segment => segment.Bytes);

    private string Prefix { get; } = $"{signal.ToString().ToLowerInvariant()}-";

    private long MostItems => signal switch
    {
        TelemetrySignal.Traces => options.MostSpans,
        TelemetrySignal.Logs => options.MostLogs,
        _ => options.MostMetricNumbers,
    };

    /// <summary>Reads all entries, the oldest first, and returns how many bytes were damaged. A file is cut off where the damage begins.</summary>
    internal long Read(JournalEntryReader read, CancellationToken cancellationToken)
    {
        long damaged = 0;
        foreach (var path in Directory.EnumerateFiles(directory, $"{Prefix}*{Extension}").Order(StringComparer.Ordinal))
        {
            if (long.TryParse(Path.GetFileNameWithoutExtension(path)[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                damaged += ReadOne(new Segment(number, path), read, cancellationToken);
            }
        }
        return damaged;
    }

    /// <summary>Writes a block; when that fails, the file is as it was before.</summary>
    internal void Append(ReadOnlySpan<byte> block, int items)
    {
        if (current is null || segments[^1].Bytes >= options.SegmentBytes)
        {
            Begin();
        }
        var segment = segments[^1];
        try
        {
            current!.Write(block);
            current.Flush();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Abandon(segment);
            throw;
        }
        segment.Bytes += block.Length;
        segment.Items += items;
        DropOldest();
    }

    /// <summary>Deletes all files.</summary>
    internal void Wipe()
    {
        Close();
        foreach (var segment in segments)
        {
            File.Delete(segment.Path);
        }
        segments.Clear();
    }

    public void Dispose() => Close();

    private long ReadOne(Segment segment, JournalEntryReader read, CancellationToken cancellationToken)
    {
        using var file = new FileStream(segment.Path, FileMode.Open, FileAccess.ReadWrite);
        var head = new byte[JournalBlock.HeadLength];
        while (file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && JournalBlock.LengthAfter(head) is { } length && length <= file.Length - file.Position)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var packed = new byte[length];
            file.ReadExactly(packed);
            if (JournalBlock.Unpack(head, packed) is not { } entries)
            {
                break;
            }
            JournalBlock.ReadEntries(entries, read);
            segment.Bytes = file.Position;
            segment.Items += JournalBlock.ItemsOf(head);
        }
        var damaged = file.Length - segment.Bytes;
        if (damaged > 0)
        {
            file.SetLength(segment.Bytes);
        }
        if (segment.Bytes == 0)
        {
            File.Delete(segment.Path);
        }
        else
        {
            segments.Add(segment);
        }
        return damaged;
    }

    private void Begin()
    {
        Close();
        var number = segments.Count == 0 ? 1 : segments[^1].Number + 1;
        var path = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D8}{Extension}"));
        var access = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            access.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        current = new FileStream(path, access);
        segments.Add(new Segment(number, path));
    }

    private void Abandon(Segment segment)
    {
        try
        {
            current!.SetLength(segment.Bytes);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What is torn is cut off when it is read.
        }
        Close();
    }

    private void Close()
    {
        current?.Dispose();
        current = null;
    }

    private void DropOldest()
    {
        while (segments.Count > 1 && (Bytes > options.MostDiskBytes || segments.Skip(1).Sum(segment => segment.Items) >= MostItems))
        {
            File.Delete(segments[0].Path);
            segments.RemoveAt(0);
        }
    }

    private sealed class Segment(long number, string path)
    {
        internal long Number => number;

        internal string Path => path;

        internal long Bytes { get; set; }

        internal long Items { get; set; }
    }
}
