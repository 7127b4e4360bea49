using System.Diagnostics;
using System.Net.Sockets;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A way to reach a resource over the network.</summary>
[DebuggerDisplay("{Name} {UriScheme} port={Port} target={TargetPort}")]
public sealed class EndpointAnnotation : IResourceAnnotation
{
    private int? port;
    private int? targetPort;
    private bool isProxied;
    private string? transport;

    /// <summary>An endpoint of the host's own network.</summary>
    public EndpointAnnotation(
        ProtocolType protocol,
        string? uriScheme = null,
        string? transport = null,
        string? name = null,
        int? port = null,
        int? targetPort = null,
        bool? isExternal = null,
        bool? isProxied = null)
        : this(protocol, KnownNetworkIdentifiers.LocalhostNetwork, uriScheme, transport, name, port, targetPort, isExternal, isProxied)
    {
    }

    /// <inheritdoc cref="EndpointAnnotation(ProtocolType, string?, string?, string?, int?, int?, bool?, bool?)"/>
    public EndpointAnnotation(ProtocolType protocol, string? uriScheme, string? transport, string? name, int? port, int? targetPort, bool? isExternal, bool isProxied)
        : this(protocol, uriScheme, transport, name, port, targetPort, isExternal, (bool?)isProxied)
    {
    }

    /// <summary>An endpoint of the network <paramref name="networkId"/>; null means the host's own.</summary>
    public EndpointAnnotation(
        ProtocolType protocol,
        NetworkIdentifier? networkId,
        string? uriScheme = null,
        string? transport = null,
        string? name = null,
        int? port = null,
        int? targetPort = null,
        bool? isExternal = null,
        bool? isProxied = null)
    {
        Protocol = protocol;
        UriScheme = uriScheme ?? protocol.ToString().ToLowerInvariant();
        this.transport = transport;
        Name = name ?? UriScheme;
        this.port = port;
        this.targetPort = targetPort;
        IsExternal = isExternal ?? false;
        IsExplicitlyProxied = isProxied;
        this.isProxied = isProxied ?? true;
        DefaultNetworkID = networkId ?? KnownNetworkIdentifiers.LocalhostNetwork;
        AllAllocatedEndpoints.TryAdd(DefaultNetworkID, AllocatedEndpointSnapshot);
    }

    /// <inheritdoc cref="EndpointAnnotation(ProtocolType, NetworkIdentifier?, string?, string?, string?, int?, int?, bool?, bool?)"/>
    public EndpointAnnotation(
        ProtocolType protocol, NetworkIdentifier? networkId, string? uriScheme, string? transport, string? name, int? port, int? targetPort, bool? isExternal, bool isProxied)
        : this(protocol, networkId, uriScheme, transport, name, port, targetPort, isExternal, (bool?)isProxied)
    {
    }

    /// <summary>The name, unique in the resource.</summary>
    public string Name { get; set; }

    /// <summary>Tcp or Udp.</summary>
    public ProtocolType Protocol { get; set; }

    /// <summary>The scheme of the address.</summary>
    public string UriScheme { get; set; }

    /// <summary>tcp, http or http2; <c>http</c> for the schemes http and https unless it was said.</summary>
    public string Transport
    {
        get => transport ?? (UriScheme is "http" or "https" ? "http" : Protocol.ToString().ToLowerInvariant());
        set => transport = value;
    }

    /// <summary>The port that others use; null means one that is free.</summary>
    public int? Port
    {
        get => port ?? (IsProxied ? null : targetPort);
        set => port = value;
    }

    /// <summary>The port that the resource itself listens on; null means that the host chooses.</summary>
    public int? TargetPort
    {
        get => targetPort ?? (IsProxied ? null : port);
        set => targetPort = value;
    }

    /// <summary>The host name the resource binds.</summary>
    public string TargetHost { get; set; } = KnownHostNames.Localhost;

    /// <summary>Whether a deployment exposes it to the outside.</summary>
    public bool IsExternal { get; set; }

    /// <summary>Whether a proxy may stand in front of it.</summary>
    public bool IsProxied
    {
        get => isProxied;
        set => (isProxied, IsExplicitlyProxied) = (value, value);
    }

    /// <summary>What was said about proxying; null when nothing was.</summary>
    public bool? IsExplicitlyProxied { get; set; }

    /// <summary>Whether a reference to the resource as a whole leaves it out.</summary>
    public bool ExcludeReferenceEndpoint { get; set; }

    /// <summary>Whether it speaks TLS.</summary>
    public bool TlsEnabled { get; set; }

    /// <summary>The network the endpoint is declared in.</summary>
    public NetworkIdentifier DefaultNetworkID { get; }

    /// <summary>The addresses, one per network.</summary>
    public NetworkEndpointSnapshotList AllAllocatedEndpoints { get; } = [];

    /// <summary>The address in <see cref="DefaultNetworkID"/>, known now or later.</summary>
    public ValueSnapshot<AllocatedEndpoint> AllocatedEndpointSnapshot { get; } = new();

    /// <summary>The address in <see cref="DefaultNetworkID"/>; null until it is known.</summary>
    public AllocatedEndpoint? AllocatedEndpoint
    {
        get => AllocatedEndpointSnapshot.ValueOrDefault;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            AllocatedEndpointSnapshot.SetValue(value);
        }
    }
}
