using System.Collections;
using System.Globalization;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Which local addresses an endpoint is bound to.</summary>
public enum EndpointBindingMode
{
    /// <summary>One address.</summary>
    SingleAddress = 0,

    /// <summary>All addresses, version 4 and 6.</summary>
    DualStackAnyAddresses = 1,

    /// <summary>All version 4 addresses.</summary>
    IPv4AnyAddresses = 2,

    /// <summary>All version 6 addresses.</summary>
    IPv6AnyAddresses = 3,
}

/// <summary>The address of an endpoint in one network.</summary>
public class AllocatedEndpoint
{
    /// <summary>An address in the default network of the endpoint.</summary>
    public AllocatedEndpoint(EndpointAnnotation endpoint, string address, int port, string? targetPortExpression = null)
        : this(endpoint, address, port, EndpointBindingMode.SingleAddress, targetPortExpression, networkId: null)
    {
    }

    /// <summary>An address bound as <paramref name="bindingMode"/> says.</summary>
    public AllocatedEndpoint(EndpointAnnotation endpoint, string address, int port, EndpointBindingMode bindingMode, string? targetPortExpression = null)
        : this(endpoint, address, port, bindingMode, targetPortExpression, networkId: null)
    {
    }

    /// <summary>An address in the network <paramref name="networkId"/>.</summary>
    public AllocatedEndpoint(
        EndpointAnnotation endpoint,
        string address,
        int port,
        EndpointBindingMode bindingMode,
        string? targetPortExpression = null,
        NetworkIdentifier? networkId = null)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentException.ThrowIfNullOrEmpty(address);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65535);
        Endpoint = endpoint;
        Address = address;
        Port = port;
        BindingMode = bindingMode;
        TargetPortExpression = targetPortExpression;
        NetworkID = networkId ?? endpoint.DefaultNetworkID;
    }

    /// <summary>The endpoint that has the address.</summary>
    public EndpointAnnotation Endpoint { get; }

    /// <summary>The host.</summary>
    public string Address { get; }

    /// <summary>The port.</summary>
    public int Port { get; }

    /// <summary>Which local addresses it is bound to.</summary>
    public EndpointBindingMode BindingMode { get; }

    /// <summary>The port the resource itself listens on, or an expression for it; null when it is <see cref="Port"/>.</summary>
    public string? TargetPortExpression { get; }

    /// <summary>The network the address is of.</summary>
    public NetworkIdentifier NetworkID { get; }

    /// <summary>The scheme.</summary>
    public string UriScheme => Endpoint.UriScheme;

    /// <summary>Host and port.</summary>
    public string EndPointString => string.Create(CultureInfo.InvariantCulture, $"{Address}:{Port}");

    /// <summary>Scheme, host and port.</summary>
    public string UriString => $"{UriScheme}://{EndPointString}";

    /// <inheritdoc/>
    public override string ToString() => UriString;
}

/// <summary>The address of an endpoint in one network, known now or later.</summary>
public record NetworkEndpointSnapshot(ValueSnapshot<AllocatedEndpoint> Snapshot, NetworkIdentifier NetworkID);

/// <summary>The addresses of an endpoint, one per network.</summary>
public class NetworkEndpointSnapshotList : IEnumerable<NetworkEndpointSnapshot>
{
    private readonly Lock gate = new();
    private readonly List<NetworkEndpointSnapshot> snapshots = [];

    /// <summary>Adds a network; false when it is there already.</summary>
    public bool TryAdd(NetworkIdentifier networkId, ValueSnapshot<AllocatedEndpoint> snapshot)
    {
        lock (gate)
        {
            if (snapshots.Exists(existing => existing.NetworkID == networkId))
            {
                return false;
            }
            snapshots.Add(new(snapshot, networkId));
            return true;
        }
    }

    /// <summary>Says the address in a network; a later call replaces it.</summary>
    public void AddOrUpdateAllocatedEndpoint(NetworkIdentifier networkId, AllocatedEndpoint endpoint)
    {
        lock (gate)
        {
            var snapshot = GetOrAdd(networkId);
            if (snapshot.IsValueSet)
            {
                snapshots.RemoveAll(existing => existing.NetworkID == networkId);
                snapshot = GetOrAdd(networkId);
            }
            snapshot.SetValue(endpoint);
        }
    }

    /// <summary>Waits for the address in a network.</summary>
    public Task<AllocatedEndpoint> GetAllocatedEndpointAsync(NetworkIdentifier networkId, CancellationToken cancellationToken = default)
    {
        lock (gate)
        {
            return GetOrAdd(networkId).GetValueAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public IEnumerator<NetworkEndpointSnapshot> GetEnumerator()
    {
        lock (gate)
        {
            return snapshots.ToList().GetEnumerator();
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private ValueSnapshot<AllocatedEndpoint> GetOrAdd(NetworkIdentifier networkId)
    {
        if (snapshots.Find(existing => existing.NetworkID == networkId) is { } found)
        {
            return found.Snapshot;
        }
        var added = new ValueSnapshot<AllocatedEndpoint>();
        snapshots.Add(new(added, networkId));
        return added;
    }
}
