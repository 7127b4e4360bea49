using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>How the dashboard is served, read from the settings that Aspire has for it and from the options of the command line.</summary>
internal sealed record DashboardOptions
{
    internal const int UsualPort = 18_888;

    /// <summary>Whether there is one: not with <c>--dashboard off</c>, and not when <see cref="DistributedApplicationOptions.DisableDashboard"/> says so.</summary>
    /// <value>Default true.</value>
    public bool IsEnabled { get; init; } = true;

    /// <summary>The port wanted: <c>--dashboard-port</c>, or that of <c>ASPNETCORE_URLS</c>. 0 means any that is free.</summary>
    /// <value>Default 18888.</value>
    public int Port { get; init; } = UsualPort;

    /// <summary>Whether everybody on this machine may look and act without a token (<c>ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS</c>).</summary>
    /// <value>Default false.</value>
    public bool AllowsAnonymous { get; init; }

    /// <summary>The token of the login (<c>AppHost:BrowserToken</c>); null means that the host makes one and keeps it.</summary>
    /// <value>Default null.</value>
    public string? BrowserToken { get; init; }

    /// <summary>Serves the pages from this folder instead of those in the assembly, for who changes them; null means the assembly's.</summary>
    /// <value>Default null.</value>
    public string? AssetsDirectory { get; init; }

    internal static DashboardOptions Read(IConfiguration configuration, DistributedApplicationOptions application) => new()
    {
        IsEnabled = DashboardSwitch.IsOn(application, configuration),
        Port = PortOf(configuration),
        AllowsAnonymous = IsTrue(configuration, "ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS") || IsTrue(configuration, "DOTNET_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"),
        BrowserToken = First(configuration, "AppHost:BrowserToken", "ASPIRE_DASHBOARD_FRONTEND_BROWSERTOKEN", "DOTNET_DASHBOARD_FRONTEND_BROWSERTOKEN"),
        AssetsDirectory = configuration["dashboard-assets"],
    };

    private static int PortOf(IConfiguration configuration)
    {
        if (configuration["dashboard-port"] is { Length: > 0 } text)
        {
            return int.TryParse(text, out var port) && port is >= 0 and <= ushort.MaxValue
                ? port
                : throw new DistributedApplicationException($"--dashboard-port is '{text}', and it must be from 0 to {ushort.MaxValue}.");
        }
        var urls = configuration["ASPNETCORE_URLS"]?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        var url = urls.Select(one => Uri.TryCreate(one, UriKind.Absolute, out var uri) ? uri : null).FirstOrDefault(uri => uri is { Scheme: "http" });
        if (url is not null && !url.IsLoopback)
        {
            throw new DistributedApplicationException($"ASPNETCORE_URLS asks for the dashboard at {url}; it is served at localhost only. Use http://localhost:PORT, and a tunnel to reach it from elsewhere.");
        }
        return url?.Port ?? UsualPort;
    }

    private static bool IsTrue(IConfiguration configuration, string key) => string.Equals(configuration[key], "true", StringComparison.OrdinalIgnoreCase) || configuration[key] == "1";

    private static string? First(IConfiguration configuration, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (configuration[key] is { Length: > 0 } value)
            {
                return value;
            }
        }
        return null;
    }
}
