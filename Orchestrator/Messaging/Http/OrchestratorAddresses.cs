namespace Stack.Messaging.Http;

/// <summary>
/// Where the orchestrators are that work on one store, and which of them is talked to: its home, until that does not answer; then the next that does, and the home again after a while,
/// so that agents spread evenly after each has been away. Shared by all who talk to the orchestrator. Thread-safe.
/// </summary>
public sealed class OrchestratorAddresses
{
    private static readonly TimeSpan FirstAbsence = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestAbsence = TimeSpan.FromMinutes(2);
    private readonly Lock _lock = new();
    private readonly IReadOnlyList<Uri> _all;
    private readonly int _home;
    private readonly TimeProvider _time;
    private int _current;
    private TimeSpan _absence = FirstAbsence;
    private long _leftAt;

    /// <summary>Makes the list.</summary>
    /// <param name="all">The addresses, at least one.</param>
    /// <param name="home">The place of the one that is preferred.</param>
    /// <param name="time">The clock.</param>
    public OrchestratorAddresses(IReadOnlyList<Uri> all, int home, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfZero(all.Count);
        (_all, _home, _current, _time) = (all, home, home, time);
    }

    /// <summary>How many there are.</summary>
    public int Count => _all.Count;

    /// <summary>The one to talk to now.</summary>
    public Uri Current
    {
        get
        {
            lock (_lock)
            {
                if (_current != _home && _time.GetElapsedTime(_leftAt) >= _absence)
                {
                    _absence = _absence * 2 < LongestAbsence ? _absence * 2 : LongestAbsence;
                    _current = _home;
                }

                return _all[_current];
            }
        }
    }

    /// <summary>Whether one of them is where a request goes.</summary>
    /// <param name="address">The address of the request.</param>
    public bool Have(Uri address) => _all.Any(one => one.Authority == address.Authority);

    /// <summary>Notes that one did not answer; from now on another one is talked to, unless that is so already.</summary>
    /// <param name="address">The address.</param>
    public void Failed(Uri address)
    {
        lock (_lock)
        {
            if (_all.Count > 1 && _all[_current] == address)
            {
                _leftAt = _current == _home ? _time.GetTimestamp() : _leftAt;
                _current = (_current + 1) % _all.Count;
            }
        }
    }

    /// <summary>Notes that one answered.</summary>
    /// <param name="address">The address.</param>
    public void Answered(Uri address)
    {
        if (address == _all[_home] && _absence != FirstAbsence)
        {
            lock (_lock)
            {
                _absence = FirstAbsence;
            }
        }
    }
}
