using System.Globalization;
using System.Text;
using RabbitMQ.Client;

namespace Stack.Messaging.RabbitMq;

/// <summary>What the server wrote on a dead letter (<c>x-death</c>, newest first).</summary>
internal static class DeathReason
{
    /// <summary>It was delivered too often.</summary>
    public const string DeliveryLimit = "delivery_limit";

    /// <summary>Why it died last: <c>rejected</c>, <c>delivery_limit</c>, <c>expired</c> or <c>maxlen</c>. Null: the letter does not say.</summary>
    public static string? Of(IReadOnlyBasicProperties properties) => Text(Newest(properties), "reason");

    /// <summary>Which queue it was in. Null: the letter does not say.</summary>
    public static string? QueueOf(IReadOnlyBasicProperties properties) => Text(Newest(properties), "queue");

    /// <summary>When it died. Null: the letter does not say.</summary>
    public static DateTimeOffset? TimeOf(IReadOnlyBasicProperties properties) =>
        Newest(properties) is { } death && death.TryGetValue("time", out var time) && time is AmqpTimestamp stamp ? DateTimeOffset.FromUnixTimeSeconds(stamp.UnixTime) : null;

    /// <summary>Text as the server writes it.</summary>
    public static string? Text(IDictionary<string, object?>? table, string name) =>
        table is not null && table.TryGetValue(name, out var value) ? value switch { byte[] bytes => Encoding.UTF8.GetString(bytes), null => null, _ => Convert.ToString(value, CultureInfo.InvariantCulture) } : null;

    // That it was judged is no death.
    private static IDictionary<string, object?>? Newest(IReadOnlyBasicProperties properties) =>
        properties.Headers is { } headers && headers.TryGetValue("x-death", out var deaths) && deaths is IList<object> list
            ? list.OfType<IDictionary<string, object?>>().FirstOrDefault(death => Text(death, "queue") != RabbitMqNames.Suspects)
            : null;
}
