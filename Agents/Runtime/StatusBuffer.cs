using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>
/// What one attempt has to tell until it is sent: the latest progress and the log lines in order. Thread-safe.
/// </summary>
/// <param name="task">The attempt.</param>
/// <param name="agentId">Who makes it.</param>
/// <param name="time">The clock.</param>
/// <param name="changed">Called when something to send appeared.</param>
internal sealed class StatusBuffer(TaskEnvelope task, AgentId agentId, TimeProvider time, Action<StatusBuffer> changed)
{
    private const int LinesPerEnvelope = 200;
    private const int CharactersPerLine = 4_000;
    private const int WaitingLines = 2_000;

    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();
    private int? _progress;
    private string? _message;
    private int? _iteration;
    private bool _progressed;
    private int _dropped;
    private bool _dirty;

    /// <summary>Whether there was ever anything to send; it may still be on its way.</summary>
    public bool IsUsed { get; private set; }

    /// <summary>Replaces the progress.</summary>
    /// <param name="progressPercent">0 to 100. Null: not known.</param>
    /// <param name="message">One line. Null: no change.</param>
    /// <param name="iteration">From 1. Null: no change.</param>
    public void Report(int? progressPercent, string? message, int? iteration)
    {
        bool first;
        lock (_gate)
        {
            _progress = progressPercent is { } percent ? Math.Clamp(percent, 0, 100) : _progress;
            _message = message ?? _message;
            _iteration = iteration ?? _iteration;
            _progressed = true;
            first = MarkDirty();
        }

        Announce(first);
    }

    /// <summary>Adds a line. When 2,000 wait, the oldest goes and the log says how many went.</summary>
    /// <param name="line">The line.</param>
    public void Log(string line)
    {
        bool first;
        lock (_gate)
        {
            if (_lines.Count >= WaitingLines)
            {
                _lines.Dequeue();
                _dropped++;
            }

            _lines.Enqueue(line.Length > CharactersPerLine ? line[..CharactersPerLine] : line);
            first = MarkDirty();
        }

        Announce(first);
    }

    /// <summary>Takes what there is to send, oldest first.</summary>
    /// <param name="target">Receives the statuses; none when there is nothing.</param>
    public void DrainTo(List<StatusEnvelope> target)
    {
        lock (_gate)
        {
            if (!_dirty)
            {
                return;
            }

            _dirty = false;
            do
            {
                target.Add(TakeOne());
            }
            while (_lines.Count > 0);
        }
    }

    private StatusEnvelope TakeOne()
    {
        var lines = new List<string>(Math.Min(_lines.Count + 1, LinesPerEnvelope));
        if (_dropped > 0)
        {
            lines.Add($"… {_dropped} lines were dropped: they came faster than they could be sent");
            _dropped = 0;
        }

        while (lines.Count < LinesPerEnvelope && _lines.TryDequeue(out var line))
        {
            lines.Add(line);
        }

        var progressed = _progressed;
        _progressed = false;
        return new StatusEnvelope
        {
            TaskId = task.TaskId,
            Traceparent = task.Traceparent,
            Tracestate = task.Tracestate,
            AgentId = agentId,
            At = time.GetUtcNow(),
            ProgressPercent = progressed ? _progress : null,
            Message = progressed ? _message : null,
            Iteration = progressed ? _iteration : null,
            Log = lines,
        };
    }

    private bool MarkDirty()
    {
        var first = !_dirty;
        _dirty = true;
        IsUsed = true;
        return first;
    }

    private void Announce(bool first)
    {
        if (first)
        {
            changed(this);
        }
    }
}
