using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A line and when it was written.</summary>
internal readonly record struct StampedLine(LogLine Line, DateTimeOffset At);

/// <summary>The log of one instance: the last lines in memory, every line to its readers and sinks. Thread-safe.</summary>
internal sealed class ResourceLog(Action<bool> subscribersChanged, TimeProvider time)
{
    private const int LinesKept = 2_000;

    private readonly Lock gate = new();
    private readonly Queue<StampedLine> kept = new();
    private readonly List<Channel<LogLine>> readers = [];
    private readonly List<Action<LogLine>> sinks = [];
    private int lines;
    private bool isComplete;

    internal void Append(string content, bool isError)
    {
        lock (gate)
        {
            var line = new LogLine(++lines, content, isError);
            kept.Enqueue(new(line, time.GetUtcNow()));
            if (kept.Count > LinesKept)
            {
                kept.Dequeue();
            }
            foreach (var reader in readers)
            {
                reader.Writer.TryWrite(line);
            }
            foreach (var sink in sinks)
            {
                sink(line);
            }
        }
    }

    /// <summary>Calls <paramref name="sink"/> for every line from now on, in order, on the thread that appends.</summary>
    internal void AddSink(Action<LogLine> sink)
    {
        lock (gate)
        {
            sinks.Add(sink);
        }
    }

    internal IReadOnlyList<LogLine> Lines()
    {
        lock (gate)
        {
            return [.. kept.Select(one => one.Line)];
        }
    }

    /// <summary>How many lines there were so far, those that are not kept any more included.</summary>
    internal int Count
    {
        get
        {
            lock (gate)
            {
                return lines;
            }
        }
    }

    /// <summary>The kept lines after the one with that number, at most so many, oldest first.</summary>
    internal IReadOnlyList<StampedLine> Since(int number, int atMost)
    {
        lock (gate)
        {
            return lines <= number ? [] : [.. kept.SkipWhile(one => one.Line.LineNumber <= number).Take(atMost)];
        }
    }

    internal void Clear()
    {
        lock (gate)
        {
            kept.Clear();
        }
    }

    internal void Complete()
    {
        lock (gate)
        {
            isComplete = true;
            foreach (var reader in readers)
            {
                reader.Writer.TryComplete();
            }
        }
    }

    internal async IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var reader = Subscribe();
        try
        {
            while (await reader.Reader.WaitToReadAsync(cancellationToken))
            {
                var batch = new List<LogLine>();
                while (batch.Count < LinesKept && reader.Reader.TryRead(out var line))
                {
                    batch.Add(line);
                }
                yield return batch;
            }
        }
        finally
        {
            Unsubscribe(reader);
        }
    }

    private Channel<LogLine> Subscribe()
    {
        var reader = Channel.CreateUnbounded<LogLine>(new() { SingleReader = true });
        lock (gate)
        {
            foreach (var one in kept)
            {
                reader.Writer.TryWrite(one.Line);
            }
            if (isComplete)
            {
                reader.Writer.TryComplete();
            }
            readers.Add(reader);
            if (readers.Count == 1)
            {
                subscribersChanged(true);
            }
        }
        return reader;
    }

    private void Unsubscribe(Channel<LogLine> reader)
    {
        lock (gate)
        {
            if (readers.Remove(reader) && readers.Count == 0)
            {
                subscribersChanged(false);
            }
        }
    }
}
