using System.Net;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>
/// The network of an application's containers, one per data directory, where they find each other by the names of their resources. Made with the first
/// container, and removed with the last. Services of the host are reached by <see cref="KnownHostNames.DefaultContainerTunnelHostName"/>.
/// </summary>
internal sealed class ContainerNetwork(ContainerLabels labels, DistributedApplicationModel model) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly List<HostTunnel> tunnels = [];
    private IPAddress? gateway;
    private bool isMade;
    private bool isClosed;

    internal string Name => $"stack-{labels.DataHash}";

    /// <summary>Makes the network unless it is there, and returns the address this machine has in it; null when the runtime does not say.</summary>
    internal async Task<IPAddress?> EnsureAsync(ContainerRuntime runtime, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (isMade)
            {
                return gateway;
            }
            var made = await runtime.RunAsync(
                ["network", "create", "--label", $"{ContainerLabels.Data}={labels.DataHash}", "--label", $"{ContainerLabels.Run}={labels.RunId}", Name], Patience, cancellationToken);
            var described = await runtime.RunAsync(["network", "inspect", Name], Patience, cancellationToken);
            if (!described.IsSuccess)
            {
                throw new TemporarilyUnavailableException($"The network {Name} of the containers could not be made. {runtime.Name} says: {made.Reason} Look at: {runtime.Name} network ls");
            }
            gateway = GatewayIn(described.Output);
            isMade = true;
            OpenTunnels();
            return gateway;
        }
        finally
        {
            gate.Release();
        }
    }

    // The gate is for whoever still makes the network, or waits for it: it holds nothing that must be given back.
    public void Dispose()
    {
        lock (tunnels)
        {
            isClosed = true;
            tunnels.ForEach(tunnel => tunnel.Dispose());
            tunnels.Clear();
        }
    }

    // docker and podman write it in different places, under names that differ in their first letter.
    internal static IPAddress? GatewayIn(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Gateways(document.RootElement).Select(text => IPAddress.TryParse(text, out var address) ? address : null)
            .FirstOrDefault(address => address?.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork);
    }

    private static IEnumerable<string> Gateways(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Gateways),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member =>
            member.Name.Equals("gateway", StringComparison.OrdinalIgnoreCase) && member.Value.ValueKind == JsonValueKind.String ? [member.Value.GetString()!] : Gateways(member.Value)),
        _ => [],
    };

    private void OpenTunnels()
    {
        if (gateway is not { } address)
        {
            return;
        }
        var ports = model.Resources.Where(resource => resource.MaterializedAs()?.Kind == MaterializationKind.Process).SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>())
            .Select(endpoint => endpoint.AllocatedEndpoint?.Port).OfType<int>().Distinct();
        lock (tunnels)
        {
            if (!isClosed)
            {
                tunnels.AddRange(ports.Select(port => HostTunnel.TryOpen(address, port)).OfType<HostTunnel>());
            }
        }
    }
}
