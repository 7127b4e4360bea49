using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Stack.Messaging.RabbitMq;

/// <summary>Whether the broker can be used, by asking it: a server that hangs keeps its connections. Without it work is accepted and waits, so that this is no reason to refuse any.</summary>
internal sealed class RabbitMqHealth(RabbitMqConnections connections, DispatchLedger ledger) : IHealthCheck
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var trouble = await TroubleAsync(connections.Publishing, cancellationToken) ?? await TroubleAsync(connections.Consuming, cancellationToken);
        return trouble is null
            ? HealthCheckResult.Healthy($"{ledger.Outstanding} tasks are with the broker and its agents.")
            : new HealthCheckResult(context.Registration.FailureStatus, $"RabbitMQ cannot be used: {trouble} Work is accepted, and dispatched when it returns.");
    }

    private static async Task<string?> TroubleAsync(RabbitMqLink link, CancellationToken cancellationToken)
    {
        // One that nobody has needed yet is not ill.
        link.Begin();
        if (link.Trouble is { } known)
        {
            return known;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            var connection = await link.ConnectedAsync(limit.Token);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: limit.Token);
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"It did not answer within {Limit.TotalSeconds:0} s.";
        }
        catch (Exception exception) when (BrokerFailures.IsTransient(exception, cancellationToken))
        {
            return BrokerFailures.CauseOf(exception);
        }
    }
}
