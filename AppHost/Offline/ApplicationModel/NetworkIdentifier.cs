namespace Aspire.Hosting.ApplicationModel;

/// <summary>A network that a resource sees; one endpoint may have an address in several.</summary>
public record NetworkIdentifier(string Value);

/// <summary>The networks every application has.</summary>
public static class KnownNetworkIdentifiers
{
    /// <summary>The machine the host runs on.</summary>
    public static readonly NetworkIdentifier LocalhostNetwork = new("localhost");

    /// <summary>The network of the host's containers.</summary>
    public static readonly NetworkIdentifier DefaultAspireContainerNetwork = new("aspire-container-network");

    /// <summary>Everybody's network.</summary>
    public static readonly NetworkIdentifier PublicInternet = new(".");
}

/// <summary>The host names every application has.</summary>
public static class KnownHostNames
{
    /// <summary>The machine the host runs on.</summary>
    public const string Localhost = "localhost";

    /// <summary>The host as seen from a container of Docker Desktop.</summary>
    public const string DockerDesktopHostBridge = "host.docker.internal";

    /// <summary>The host as seen from a container through the container tunnel.</summary>
    public const string DefaultContainerTunnelHostName = "aspire.dev.internal";
}
