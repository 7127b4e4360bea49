namespace Stack.Engine;

/// <summary>
/// Knows which orchestrators work on one store. A store that several processes can open implements it; where there is none, an orchestrator is alone.
/// Silence and leases are measured by the clock of the directory, so that the clocks of the machines may differ. Thread-safe.
/// </summary>
/// <remarks>Methods throw <see cref="StoreUnavailableException"/> when the directory does not answer.</remarks>
public interface INodeDirectory
{
    /// <summary>Enters a process. Earlier processes of the same name are gone from then on.</summary>
    /// <param name="name">What stays the same when the process is started again on the same data directory.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The number of this process; numbers rise and never come again.</returns>
    Task<int> JoinAsync(string name, CancellationToken cancellationToken);

    /// <summary>Gives a sign of life, and tells who else is there.</summary>
    /// <param name="node">The process.</param>
    /// <param name="hungry">Agent types whose agents wait at this process for more than it has.</param>
    /// <param name="deadAfter">How long the silence of a process may last that counts as alive.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Null: others took this process for dead. It has to enter again, and what it waited to offer is no longer its own.</returns>
    Task<NodeBeat?> BeatAsync(int node, IReadOnlyCollection<string> hungry, TimeSpan deadAfter, CancellationToken cancellationToken);

    /// <summary>Declares processes gone, unless they gave a sign of life in the meantime.</summary>
    /// <param name="nodes">The processes.</param>
    /// <param name="deadAfter">How long they must have been silent.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>How many were declared gone.</returns>
    Task<int> BuryAsync(IReadOnlyCollection<int> nodes, TimeSpan deadAfter, CancellationToken cancellationToken);

    /// <summary>Says goodbye. Idempotent.</summary>
    /// <param name="node">The process.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task LeaveAsync(int node, CancellationToken cancellationToken);
}

/// <summary>What a sign of life brought back.</summary>
/// <param name="Leads">Whether this process does what only one needs to do. Two may believe it for a moment, which is harmless.</param>
/// <param name="Peers">The others that are not gone.</param>
/// <param name="Roll">All that are there, this process included.</param>
public sealed record NodeBeat(bool Leads, IReadOnlyList<NodePeer> Peers, NodeRoll Roll)
{
    /// <summary>What the directory's clock said. Null: it has none of its own.</summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>Another process.</summary>
/// <param name="Node">Its number.</param>
/// <param name="Silent">Whether it has been silent for too long.</param>
/// <param name="Hungry">Agent types whose agents wait there.</param>
public readonly record struct NodePeer(int Node, bool Silent, IReadOnlyList<string> Hungry);

/// <summary>Who was there at one moment.</summary>
/// <param name="Living">The numbers of processes that are not gone.</param>
/// <param name="Highest">The highest number that was ever given: of processes with higher ones nothing was known then.</param>
public sealed record NodeRoll(IReadOnlyCollection<int> Living, int Highest)
{
    /// <summary>The number of a process that is alone by its nature.</summary>
    public const int Sole = 1;

    /// <summary>Nobody is there, and whoever was is gone.</summary>
    public static NodeRoll Empty { get; } = new([], int.MaxValue);
}
