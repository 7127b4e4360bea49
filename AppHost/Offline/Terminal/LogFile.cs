using System.Globalization;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>
/// The log of one instance on disk: NAME.log, and when that is full NAME.1.log and NAME.2.log. A disk that takes no more costs the
/// lines until it takes more again, not the run. Not thread-safe: the log calls it one line at a time.
/// </summary>
internal sealed class LogFile(string directory, string name, TimeProvider time, long largestBytes = 10 * 1024 * 1024) : IDisposable
{
    private const int FilesKept = 3;

    private static readonly TimeSpan UntilTriedAgain = TimeSpan.FromSeconds(10);

    private StreamWriter? writer;
    private long bytes;
    private DateTimeOffset givenUpUntil;
    private bool isDisposed;

    internal void Append(string line)
    {
        if (isDisposed || (givenUpUntil > default(DateTimeOffset) && time.GetUtcNow() < givenUpUntil))
        {
            return;
        }
        try
        {
            var stamped = string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {AnsiText.Strip(line)}");
            Open();
            writer!.WriteLine(stamped);
            bytes += Encoding.UTF8.GetByteCount(stamped) + 1;
            if (bytes >= largestBytes)
            {
                Rotate();
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            givenUpUntil = time.GetUtcNow() + UntilTriedAgain;
            Close();
        }
    }

    public void Dispose()
    {
        isDisposed = true;
        Close();
    }

    private void Close()
    {
        try
        {
            writer?.Dispose();
        }
        catch (IOException)
        {
            // The disk is full; the last line is lost.
        }
        writer = null;
    }

    private void Open()
    {
        if (writer is null)
        {
            writer = new StreamWriter(PathOf(0), append: true, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
            bytes = writer.BaseStream.Length;
        }
    }

    private void Rotate()
    {
        writer!.Dispose();
        writer = null;
        for (var number = FilesKept - 1; number > 0; number--)
        {
            if (File.Exists(PathOf(number - 1)))
            {
                File.Move(PathOf(number - 1), PathOf(number), overwrite: true);
            }
        }
    }

    private string PathOf(int number) => Path.Combine(directory, number == 0 ? $"{name}.log" : string.Create(CultureInfo.InvariantCulture, $"{name}.{number}.log"));
}
