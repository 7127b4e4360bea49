using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>Wires telemetry.</summary>
internal static class TelemetryServices
{
    internal static void AddTelemetry(this IServiceCollection services)
    {
        services.TryAddSingleton(new TelemetryOptions());
        services.AddSingleton<TelemetryStore>();
        services.AddSingleton(provider => new TelemetryJournal(
            Path.Combine(provider.GetRequiredService<StateDirectory>().Path, "telemetry"),
            provider.GetRequiredService<TelemetryOptions>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<TelemetryJournal>>()));
        services.AddSingleton<TelemetryReceivers>();
        services.AddSingleton<TelemetryEndpoints>();
    }
}
