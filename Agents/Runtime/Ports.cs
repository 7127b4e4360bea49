namespace Stack.Agents.Runtime;

/// <summary>Where the agent's own health endpoints listen.</summary>
internal static class Ports
{
    private static readonly string[] Settings = ["urls", "http_ports", "https_ports", "Kestrel:Endpoints:Http:Url"];

    /// <summary>Listens on a free port of the loopback interface unless the configuration names one: several agents run on one machine.</summary>
    /// <param name="host">The web host.</param>
    /// <param name="configuration">The configuration.</param>
    public static void UseFreePortByDefault(this IWebHostBuilder host, IConfiguration configuration)
    {
        if (!Settings.Any(setting => configuration[setting] is { Length: > 0 }))
        {
            host.UseUrls("http://127.0.0.1:0");
        }
    }
}
