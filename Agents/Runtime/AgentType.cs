using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Stack.Agents.Runtime;

/// <summary>An agent type that this program can run.</summary>
/// <param name="Name">The name that stages use.</param>
/// <param name="MaxConcurrency">How many attempts one process makes at once, unless <see cref="AgentOptions.MaxConcurrency"/> says otherwise.</param>
/// <param name="AddTo">Registers the type's services; at least its <see cref="IAgent"/>.</param>
internal sealed record AgentType(string Name, int MaxConcurrency, Action<IHostApplicationBuilder> AddTo)
{
    /// <summary>Makes the entry of an agent that needs no services of its own.</summary>
    /// <typeparam name="TAgent">The agent.</typeparam>
    /// <param name="name">The name that stages use.</param>
    /// <param name="maxConcurrency">How many attempts one process makes at once.</param>
    public static AgentType Of<TAgent>(string name, int maxConcurrency)
        where TAgent : class, IAgent =>
        new(name, maxConcurrency, builder => builder.Services.TryAddSingleton<IAgent, TAgent>());
}
