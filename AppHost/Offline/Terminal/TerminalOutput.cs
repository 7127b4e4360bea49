using System.Threading.Channels;

namespace Aspire.Hosting.Offline;

/// <summary>
/// The host's output. Lines are queued and written by one task, so that a slow terminal holds up nobody; whether they are coloured
/// depends on where they go. Writing to a pipe that nobody reads any more ends quietly.
/// </summary>
internal sealed class TerminalOutput : IAsyncDisposable
{
    private static readonly string[] Colors = ["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"];

    // A reader that stands still costs the oldest lines, not memory without end; the log files have them.
    private readonly Channel<string> lines = Channel.CreateBounded<string>(new BoundedChannelOptions(50_000) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });
    private readonly TextWriter writer;
    private readonly Task writing;

    internal TerminalOutput(TextWriter writer, bool isColored)
    {
        this.writer = writer;
        IsColored = isColored;
        writing = Task.Run(WriteAllAsync);
    }

    internal bool IsColored { get; }

    /// <summary>The width of the prefixes; the longest name decides.</summary>
    internal int PrefixWidth { get; set; }

    internal static TerminalOutput OfConsole() =>
        new(Console.Out, !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")));

    internal void Write(string line) => lines.Writer.TryWrite(line);

    /// <summary>Writes a line with the name of who said it.</summary>
    internal void Write(string name, string line, int color, bool isError = false)
    {
        var prefix = $"{name.PadRight(PrefixWidth)} |";
        if (!IsColored)
        {
            Write($"{prefix} {AnsiText.Strip(line)}");
            return;
        }
        var text = isError ? $"\e[31m{line}\e[0m" : line;
        Write($"\e[{Colors[color % Colors.Length]}m{prefix}\e[0m {text}");
    }

    /// <summary>Writes what is queued; nothing is written after that.</summary>
    public async ValueTask DisposeAsync()
    {
        lines.Writer.TryComplete();
        // A terminal that was stopped must not hold the host.
        await Task.WhenAny(writing, Task.Delay(TimeSpan.FromSeconds(1)));
    }

    private async Task WriteAllAsync()
    {
        try
        {
            while (await lines.Reader.WaitToReadAsync())
            {
                while (lines.Reader.TryRead(out var line))
                {
                    await writer.WriteLineAsync(line);
                }
                await writer.FlushAsync();
            }
        }
        catch (IOException)
        {
            // Nobody reads any more; the host goes on without output.
            lines.Writer.TryComplete();
        }
    }
}
