using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The log of one instance: the last lines in memory, every line to its readers and sinks. Thread-safe.</summary>
internal sealed class ResourceLog(Action<bool> subscribersChanged)
{
    private const int LinesKept = 2_000;

    private readonly Lock gate = new();
    private readonly Queue<LogLine> kept = new();
    private readonly List<Channel<LogLine>> readers = [];
    private readonly List<Action<LogLine>> sinks = [];
    private int lines;
    private bool isComplete;

    internal void Append(string content, bool isError)
    {
        lock (gate)
        {
            var line = new LogLine(++lines, content, isError);
            kept.Enqueue(line);
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
            return [.. kept];
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
            foreach (var line in kept)
            {
                reader.Writer.TryWrite(line);
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
