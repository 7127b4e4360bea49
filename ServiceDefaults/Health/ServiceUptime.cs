using System.Reflection;

namespace Stack.ServiceDefaults.Health;

/// <summary>How long the service runs and which version it is.</summary>
internal sealed class ServiceUptime(TimeProvider time, Assembly? entry)
{
    private readonly long started = time.GetTimestamp();

    public TimeSpan Elapsed => time.GetElapsedTime(started);

    // The part after '+' is the commit, which a health answer without authentication need not tell.
    public string Version { get; } =
        (entry?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0").Split('+')[0];
}
