using Stack.Agents.Canary;
using Stack.Agents.Deployment;
using Stack.Agents.E2e;
using Stack.Agents.Integration;
using Stack.Agents.Loop;
using Stack.Agents.Noop;
using Stack.Agents.Runtime;
using Stack.Agents.Scaffold;
using Stack.Agents.Validation;
using Stack.Contracts;

namespace Stack.Agents;

/// <summary>The agent types that this program can run. One process runs one of them.</summary>
internal static class AgentCatalog
{
    /// <summary>All types.</summary>
    public static IReadOnlyList<AgentType> All { get; } =
    [
        AgentType.Of<ScaffoldAgent>("scaffold", maxConcurrency: 4),
        AgentType.Of<ValidationAgent>("validation", maxConcurrency: 1),
        AgentType.Of<E2eAgent>("e2e", maxConcurrency: 1),
        AgentType.Of<IntegrationAgent>("integration", maxConcurrency: 2),
        new("deployment", MaxConcurrency: 2, builder => builder.AddDeployment()),
        new("loop", MaxConcurrency: 4, builder => builder.AddLoop()),
        AgentType.Of<NoopAgent>("noop", maxConcurrency: 1000),
        new("canary", MaxConcurrency: 500, builder => builder.AddCanary()),
    ];

    /// <summary>Finds a type. Null: there is none of that name.</summary>
    /// <param name="name">The name.</param>
    public static AgentType? Find(string? name) => All.FirstOrDefault(type => type.Name == name);

    /// <summary>What to tell someone who asked for a type that there is not.</summary>
    /// <param name="name">What they asked for. Null: nothing.</param>
    public static string Refusal(string? name)
    {
        var names = All.Select(type => type.Name).ToArray();
        var nearest = name is null ? null : DefinitionNames.Nearest(name, names);
        var wrong = string.IsNullOrEmpty(name) ? "No agent type was given." : $"There is no agent type '{name}'.{(nearest is null ? "" : $" Did you mean '{nearest}'?")}";
        return $"{wrong} Choose one with --type: {string.Join(", ", names)}.";
    }
}
