using Stack.Messaging.RabbitMq;
using Stack.ServiceDefaults.Preflight;

namespace Stack.Agents.Runtime;

/// <summary>Whether the broker lets us in. An agent has nothing to do without it; the orchestrator has, and does not check.</summary>
/// <param name="address">The broker.</param>
internal sealed class BrokerPreflight(string address) : IPreflightCheck
{
    /// <inheritdoc />
    public string Name => "rabbitmq";

    /// <inheritdoc />
    public string Remedy => "Start RabbitMQ, or correct ConnectionStrings:rabbitmq; without that setting tasks come over HTTP.";

    /// <inheritdoc />
    public Task CheckAsync(CancellationToken cancellationToken) => RabbitMqProbe.ConnectAsync(address, cancellationToken);
}
