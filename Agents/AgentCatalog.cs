using Stack.Agents.Noop;
using Stack.Agents.Runtime;

namespace Stack.Agents;

/// <summary>The agent types that this program can run. One process runs one of them.</summary>
internal static class AgentCatalog
{
    /// <summary>All types.</summary>
    public static IReadOnlyList<AgentType> All { get; } =
    [
        AgentType.Of<NoopAgent>("noop", maxConcurrency: 1000),
    ];

    /// <summary>Finds a type. Null: there is none of that name.</summary>
    /// <param name="name">The name.</param>
    public static AgentType? Find(string? name) => All.FirstOrDefault(type => type.Name == name);
}
