namespace Stack.Engine;

/// <summary>The directory of an orchestrator that is alone, because one process at a time can open its store.</summary>
internal sealed class SoleNode : INodeDirectory
{
    private static readonly NodeBeat Alone = new(Leads: true, [], new NodeRoll([NodeRoll.Sole], NodeRoll.Sole));

    public Task<int> JoinAsync(string name, CancellationToken cancellationToken) => Task.FromResult(NodeRoll.Sole);

    public Task<NodeBeat?> BeatAsync(int node, IReadOnlyCollection<string> hungry, TimeSpan deadAfter, CancellationToken cancellationToken) => Task.FromResult<NodeBeat?>(Alone);

    public Task<int> BuryAsync(IReadOnlyCollection<int> nodes, TimeSpan deadAfter, CancellationToken cancellationToken) => Task.FromResult(0);

    public Task LeaveAsync(int node, CancellationToken cancellationToken) => Task.CompletedTask;
}
