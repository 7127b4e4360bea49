using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>Whether there are a dashboard and receivers of telemetry: unless the application's options or <c>--dashboard off</c> say no.</summary>
internal static class DashboardSwitch
{
    private static readonly string[] Off = ["off", "false", "no", "0"];

    internal static bool IsOn(DistributedApplicationOptions options, IConfiguration configuration) =>
        !options.DisableDashboard && !Off.Contains(configuration["dashboard"], StringComparer.OrdinalIgnoreCase);
}
