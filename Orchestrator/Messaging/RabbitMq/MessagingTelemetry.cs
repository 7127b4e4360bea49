using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using RabbitMQ.Client;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// One trace across the broker. The client library starts a span for each publish and writes its context into the message's headers, but only links the receiving side to it;
/// so the receiving side continues the trace here. Source and meter <c>Stack.Messaging</c>.
/// </summary>
internal static class MessagingTelemetry
{
    public const string Name = "Stack.Messaging";
    private const string Traceparent = "traceparent";
    private const string Tracestate = "tracestate";

    public static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Published = Meter.CreateCounter<long>("stack.messaging.published", "{message}", "Messages that the broker confirmed.");
    private static readonly Counter<long> Received = Meter.CreateCounter<long>("stack.messaging.received", "{message}", "Messages that were handled and acknowledged.");
    private static readonly Counter<long> Rejected = Meter.CreateCounter<long>("stack.messaging.rejected", "{message}", "Messages that became dead letters here.");
    private static readonly Counter<long> Again = Meter.CreateCounter<long>("stack.messaging.dispatched_again", "{task}", "Tasks that were published again because nobody started them in time.");

    public static void WasPublished(int count) => Published.Add(count);

    public static void WasReceived(int count) => Received.Add(count);

    public static void WasRejected() => Rejected.Add(1);

    public static void WasDispatchedAgain(int count) => Again.Add(count);

    /// <summary>Begins the span under which a message is published. Null: nobody listens, and the message carries the envelope's own context on.</summary>
    public static Activity? StartPublish(string operation, Envelope envelope)
    {
        if (!Source.HasListeners() || !ActivityContext.TryParse(envelope.Traceparent, envelope.Tracestate, isRemote: true, out var parent))
        {
            return null;
        }

        return Tag(Source.StartActivity(operation, ActivityKind.Internal, parent), envelope);
    }

    /// <summary>The envelope with the context of a span of its own for its way through the broker; as it is when nobody listens.</summary>
    public static Envelope Pass(ResultEnvelope envelope)
    {
        using var activity = StartPublish("task.result", envelope);
        return activity?.Id is { } id ? envelope with { Traceparent = id } : envelope;
    }

    /// <summary>Begins the span in which a message is handled, as a child of its publishing. Null: nobody listens.</summary>
    public static Activity? StartReceive(string operation, Envelope envelope)
    {
        if (!Source.HasListeners() || !ActivityContext.TryParse(envelope.Traceparent, envelope.Tracestate, isRemote: true, out var parent))
        {
            return null;
        }

        // A batch has many parents, and none is the current one of the loop that reads it.
        var current = Activity.Current;
        var activity = Tag(Source.StartActivity(operation, ActivityKind.Consumer, parent), envelope);
        Activity.Current = current;
        return activity;
    }

    /// <summary>Writes the trace context into a message's headers. The client library overwrites it when it has a span of its own.</summary>
    public static void Inject(Envelope envelope, IDictionary<string, object?> headers)
    {
        if (envelope.Traceparent is { } parent)
        {
            headers[Traceparent] = parent;
            if (envelope.Tracestate is { } state)
            {
                headers[Tracestate] = state;
            }
        }
    }

    /// <summary>The trace context that a message's headers carry; null where there is none.</summary>
    public static (string? Traceparent, string? Tracestate) Extract(IReadOnlyBasicProperties properties) =>
        properties.Headers is { } headers ? (Text(headers, Traceparent), Text(headers, Tracestate)) : (null, null);

    private static string? Text(IDictionary<string, object?> headers, string name) =>
        headers.TryGetValue(name, out var value) ? value switch { byte[] bytes => Encoding.UTF8.GetString(bytes), string text => text, _ => null } : null;

    private static Activity? Tag(Activity? activity, Envelope envelope)
    {
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("messaging.system", "rabbitmq");
            activity.SetTag("messaging.message.id", envelope.TaskId.ToString());
        }

        return activity;
    }
}
