using System.Net;

namespace Stack.Orchestrator.Hosting;

/// <summary>Where the orchestrator is going to listen, as its configuration says.</summary>
internal static class ListenAddresses
{
    /// <summary>Where it listens when nothing is said.</summary>
    public const string Default = "http://localhost:3000";

    /// <summary>The addresses in the order of the server's own rules: endpoints, then urls, then ports alone.</summary>
    /// <param name="configuration">The configuration.</param>
    public static IReadOnlyList<string> Of(IConfiguration configuration)
    {
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]).OfType<string>().ToList();
        if (endpoints.Count > 0)
        {
            return endpoints;
        }

        if (configuration["urls"] is { Length: > 0 } urls)
        {
            return urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }

        var ports = (configuration["http_ports"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return ports.Length > 0 ? [.. ports.Select(port => $"http://*:{port}")] : [Default];
    }

    /// <summary>Whether only this machine reaches an address.</summary>
    /// <param name="address">The address as the server understands it, for example <c>http://+:80</c>.</param>
    public static bool IsLoopback(string address)
    {
        if (address.Contains("://unix:", StringComparison.Ordinal) || address.Contains("://pipe:", StringComparison.Ordinal))
        {
            return true;
        }

        // A plus or a star is no host of a URI; it means every address.
        return Uri.TryCreate(address.Replace("://+", "://0.0.0.0", StringComparison.Ordinal).Replace("://*", "://0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var uri)
            && IsLoopbackHost(uri.Host);
    }

    /// <summary>Whether a host name can only mean this machine.</summary>
    /// <param name="host">The name or address, without port.</param>
    public static bool IsLoopbackHost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IsLoopback(address));

    /// <summary>Whether an address is a loopback one.</summary>
    /// <param name="address">The address.</param>
    public static bool IsLoopback(IPAddress address) => IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
}
