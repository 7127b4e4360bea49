using Microsoft.Extensions.Options;

namespace Stack.Engine;

/// <summary>
/// This orchestrator among those that work on the same store: its number, whether it leads, who else is there. Thread-safe to read; one loop at a time changes it.
/// </summary>
internal sealed class ClusterNode(INodeDirectory directory, TimeProvider time, IOptions<EngineOptions> options)
{
    private static readonly TimeSpan LateAnswer = TimeSpan.FromSeconds(1);
    private readonly EngineOptions _options = options.Value;
    private volatile NodeBeat _beat = new(Leads: false, [], NodeRoll.Empty);
    private volatile HashSet<string> _hungryElsewhere = [];
    private volatile int _number = NodeRoll.Sole;
    private volatile Clock? _clock;
    private long _lastBeat;
    private long _beatingSince;

    /// <summary>The number under which it commits.</summary>
    public int Number => _number;

    /// <summary>Whether it runs the loops that only one needs to run.</summary>
    public bool Leads => _beat.Leads && IsCurrent;

    /// <summary>Whether nobody else can ever be there.</summary>
    public bool IsSole => directory is SoleNode;

    /// <summary>
    /// The present by the directory's clock, for what one orchestrator writes and another judges: leases. Clocks of machines differ, and jump; between two signs of life it goes on by itself.
    /// </summary>
    public DateTimeOffset Now => _clock is { } clock ? clock.At + time.GetElapsedTime(clock.Timestamp) : time.GetUtcNow();

    /// <summary>Whether others are there, so that what is in memory may be the past.</summary>
    public bool HasPeers => _beat.Peers.Count > 0;

    /// <summary>Who is there.</summary>
    public NodeRoll Roll => _beat.Roll;

    /// <summary>Whether others must believe that it is alive. When not, they may have taken over what it has to offer, and it holds back.</summary>
    public bool IsCurrent => IsSole || time.GetElapsedTime(Interlocked.Read(ref _lastBeat)) < _options.DeadAfter;

    /// <summary>Whether agents wait at another orchestrator for attempts of a type.</summary>
    public bool IsHungryElsewhere(string agentType) => _hungryElsewhere.Contains(agentType);

    /// <summary>Enters the directory under a new number, and looks around.</summary>
    public async Task JoinAsync(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _beatingSince, time.GetTimestamp());
        _number = await directory.JoinAsync(_options.NodeName, cancellationToken).ConfigureAwait(false);
        await BeatAsync([], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives a sign of life.</summary>
    /// <returns>False: others took it for dead.</returns>
    public async Task<bool> BeatAsync(IReadOnlyCollection<string> hungry, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        NodeBeat? beat = null;
        var answered = false;
        try
        {
            beat = await directory.BeatAsync(_number, hungry, _options.DeadAfter, cancellationToken).ConfigureAwait(false);
            answered = true;
        }
        finally
        {
            if (!answered)
            {
                // Whoever cannot see the others does not lead them.
                _beat = _beat with { Leads = false };
            }
        }

        if (time.GetElapsedTime(Interlocked.Read(ref _lastBeat), began) > _options.DeadAfter)
        {
            Interlocked.Exchange(ref _beatingSince, began);
        }

        Interlocked.Exchange(ref _lastBeat, began);
        Set(beat?.At, began);
        _beat = beat ?? _beat with { Leads = false };
        _hungryElsewhere = [.. _beat.Peers.Where(peer => !peer.Silent).SelectMany(peer => peer.Hungry)];
        return beat is not null;
    }

    /// <summary>
    /// Declares those gone that fell silent. It does so only after it has been there itself for as long: when the directory did not answer, everybody is silent, and gets the time to come back.
    /// </summary>
    /// <returns>How many were declared gone.</returns>
    public async Task<int> BurySilentAsync(CancellationToken cancellationToken)
    {
        var silent = _beat.Peers.Where(peer => peer.Silent).Select(peer => peer.Node).ToList();
        if (silent.Count == 0 || time.GetElapsedTime(Interlocked.Read(ref _beatingSince)) < _options.DeadAfter)
        {
            return 0;
        }

        return await directory.BuryAsync(silent, _options.DeadAfter, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says goodbye.</summary>
    public Task LeaveAsync(CancellationToken cancellationToken) => directory.LeaveAsync(_number, cancellationToken);

    // The answer was made somewhere between question and answer; a late one says little of the time.
    private void Set(DateTimeOffset? at, long began)
    {
        var ended = time.GetTimestamp();
        if (at is { } said && (_clock is null || time.GetElapsedTime(began, ended) < LateAnswer))
        {
            _clock = new Clock(said, began + ((ended - began) / 2));
        }
    }

    /// <summary>What the directory's clock said, and when.</summary>
    private sealed record Clock(DateTimeOffset At, long Timestamp);
}
