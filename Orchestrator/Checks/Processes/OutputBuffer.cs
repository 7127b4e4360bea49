using System.Globalization;
using System.Text;

namespace Stack.Checks.Processes;

/// <summary>Keeps the head and the tail of a text that may be longer than the limit. Thread-safe.</summary>
/// <param name="limit">Characters to keep.</param>
internal sealed class OutputBuffer(int limit)
{
    private readonly Lock _gate = new();
    private readonly StringBuilder _head = new();
    private readonly StringBuilder _tail = new();
    private readonly int _tailLimit = limit - (limit / 2);
    private long _dropped;

    /// <summary>Whether something in the middle was dropped.</summary>
    public bool Truncated
    {
        get
        {
            lock (_gate)
            {
                return Dropped > 0;
            }
        }
    }

    private long Dropped => _dropped + Math.Max(0, _tail.Length - _tailLimit);

    /// <summary>Adds text.</summary>
    /// <param name="text">The text.</param>
    public void Append(ReadOnlySpan<char> text)
    {
        lock (_gate)
        {
            var room = Math.Min(text.Length, Math.Max(0, (limit / 2) - _head.Length));
            _head.Append(text[..room]);
            _tail.Append(text[room..]);
            if (_tail.Length > 2 * _tailLimit)
            {
                var excess = _tail.Length - _tailLimit;
                _tail.Remove(0, excess);
                _dropped += excess;
            }
        }
    }

    /// <inheritdoc />
    public override string ToString()
    {
        lock (_gate)
        {
            if (Dropped == 0)
            {
                return string.Concat(_head.ToString(), _tail.ToString());
            }

            var start = Math.Max(0, _tail.Length - _tailLimit);
            return string.Create(CultureInfo.InvariantCulture, $"{_head}\n… {Dropped} characters left out …\n{_tail.ToString(start, _tail.Length - start)}");
        }
    }
}
