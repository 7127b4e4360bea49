using Stack.Agents.Loop.Backends;
using Stack.Agents.Runtime;

namespace Stack.Agents.Loop;

/// <summary>Wires the loop agent into a host.</summary>
internal static class LoopHosting
{
    /// <summary>Adds it. The backends' file is <c>Loop:BackendsFile</c>, else <c>backends.json</c> in the data directory.</summary>
    /// <param name="builder">The host.</param>
    public static void AddLoop(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton(provider => new BackendCatalog(Path.GetFullPath(
            provider.GetRequiredService<IConfiguration>()["Loop:BackendsFile"] ?? Path.Combine(provider.GetRequiredService<StackSettings>().DataDirectory, "backends.json"))));
        builder.Services.AddSingleton<IAgent, LoopAgent>();
    }
}
