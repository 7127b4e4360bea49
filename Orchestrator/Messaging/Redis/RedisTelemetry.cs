using System.Diagnostics.Metrics;

namespace Stack.Messaging.Redis;

/// <summary>What happens to the live views. Meter <c>Stack.Messaging</c>.</summary>
internal static class RedisTelemetry
{
    private static readonly Meter Meter = new(RabbitMq.MessagingTelemetry.Name);
    private static readonly Counter<long> Dropped = Meter.CreateCounter<long>("stack.redis.dropped", "{command}", "Writes to the live views that were dropped because Redis did not keep up or was away.");

    public static void WasDropped() => Dropped.Add(1);
}
