using Microsoft.Extensions.DependencyInjection.Extensions;
using Stack.Agents.Runtime;

namespace Stack.Agents.Canary;

/// <summary>Wires the canary.</summary>
internal static class CanaryHosting
{
    /// <summary>Adds the canary and its clock, which takes the place of the machine's.</summary>
    /// <param name="builder">The host.</param>
    public static void AddCanary(this IHostApplicationBuilder builder)
    {
        builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(provider => CanaryClock.Of(provider.GetRequiredService<AgentHome>())));
        builder.Services.AddSingleton<CanaryLedger>();
        builder.Services.AddSingleton<IAgent, CanaryAgent>();
    }
}
