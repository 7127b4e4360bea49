using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using RabbitMQ.Client;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>Envelopes as messages: JSON with the envelope's <c>kind</c> in body and <c>type</c>, the task id as <c>message-id</c>.</summary>
internal static class EnvelopeMessages
{
    private const string Json = "application/json";
    private static readonly JsonTypeInfo<Envelope> Type = StackJson.TypeOf<Envelope>();
    private static readonly JsonTypeInfo<Envelope[]> ListType = StackJson.TypeOf<Envelope[]>();

    /// <summary>A task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="replyTo">The queue that its result goes to.</param>
    /// <param name="again">Whether it was published before.</param>
    public static OutgoingMessage OfTask(TaskEnvelope task, string replyTo, bool again)
    {
        var message = Of("", RabbitMqNames.Tasks(task.AgentType), task, DeadLetterResource.TaskKind);
        message.Properties.ReplyTo = replyTo;
        message.Properties.Priority = PriorityMapping.ToAmqp(task.Priority);
        if (again)
        {
            message.Properties.Headers![RabbitMqNames.AgainHeader] = true;
        }

        return message;
    }

    /// <summary>A result or a status.</summary>
    /// <param name="envelope">The envelope.</param>
    /// <param name="replyTo">What the task said. Null: not known; any orchestrator takes it.</param>
    public static OutgoingMessage OfReply(Envelope envelope, string? replyTo) =>
        Of(RabbitMqNames.ResultExchange, replyTo ?? RabbitMqNames.Results, envelope, envelope is ResultEnvelope ? "task.result" : "task.status");

    /// <summary>Results that go to the same queue, as one message: each message costs the server an entry in its log, whatever it holds.</summary>
    /// <param name="results">The results.</param>
    /// <param name="replyTo">What their tasks said. Null: not known; any orchestrator takes them.</param>
    public static OutgoingMessage OfResults(IReadOnlyList<ResultEnvelope> results, string? replyTo)
    {
        if (results.Count == 1)
        {
            return OfReply(results[0], replyTo);
        }

        var properties = new BasicProperties { ContentType = Json, DeliveryMode = DeliveryModes.Persistent, MessageId = results[0].TaskId.ToString(), Type = "task.results" };
        var envelopes = new Envelope[results.Count];
        for (var i = 0; i < envelopes.Length; i++)
        {
            // The message has one trace context and each result its own: so that stands in the result.
            envelopes[i] = MessagingTelemetry.Pass(results[i]);
        }

        return new OutgoingMessage(RabbitMqNames.ResultExchange, replyTo ?? RabbitMqNames.Results, properties, JsonSerializer.SerializeToUtf8Bytes(envelopes, ListType), results[0]);
    }

    /// <summary>A cancel, for all agents.</summary>
    /// <param name="cancel">The cancel.</param>
    /// <param name="agentId">The only agent that it is meant for. Null: all.</param>
    public static OutgoingMessage OfCancel(CancelEnvelope cancel, AgentId? agentId)
    {
        var message = Of(RabbitMqNames.CancelExchange, "", cancel, "task.cancel");
        message.Properties.DeliveryMode = DeliveryModes.Transient;
        if (agentId is { } agent)
        {
            message.Properties.Headers![RabbitMqNames.AgentHeader] = agent.Value;
        }

        return message;
    }

    /// <summary>Reads a message.</summary>
    /// <param name="properties">Its properties; a trace context in the headers goes before the one in the body.</param>
    /// <param name="body">Its body.</param>
    /// <exception cref="JsonException">It is no envelope, or one of another major version.</exception>
    public static Envelope Read(IReadOnlyBasicProperties properties, ReadOnlySpan<byte> body)
    {
        var envelope = JsonSerializer.Deserialize(body, Type)!;
        Check(envelope);

        var (traceparent, tracestate) = MessagingTelemetry.Extract(properties);
        return traceparent is null || traceparent == envelope.Traceparent ? envelope : envelope with { Traceparent = traceparent, Tracestate = tracestate };
    }

    /// <summary>Reads a message that may hold many envelopes.</summary>
    /// <param name="properties">Its properties.</param>
    /// <param name="body">Its body.</param>
    /// <exception cref="JsonException">One of them is no envelope, or one of another major version.</exception>
    public static IReadOnlyList<Envelope> ReadAll(IReadOnlyBasicProperties properties, ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty || body[0] != (byte)'[')
        {
            return [Read(properties, body)];
        }

        var envelopes = JsonSerializer.Deserialize(body, ListType) ?? [];
        foreach (var envelope in envelopes)
        {
            Check(envelope);
        }

        return envelopes.Length > 0 ? envelopes : throw new JsonException("The list is empty.");
    }

    private static void Check(Envelope? envelope)
    {
        if (envelope?.EnvelopeVersion.StartsWith("1.", StringComparison.Ordinal) != true)
        {
            throw new JsonException(envelope is null ? "The message is null." : $"The envelope has version '{envelope.EnvelopeVersion}'; this program understands {Envelope.CurrentVersion}.");
        }
    }

    private static OutgoingMessage Of(string exchange, string routingKey, Envelope envelope, string kind)
    {
        var headers = new Dictionary<string, object?>(2);
        MessagingTelemetry.Inject(envelope, headers);
        var properties = new BasicProperties
        {
            ContentType = Json,
            DeliveryMode = DeliveryModes.Persistent,
            MessageId = envelope.TaskId.ToString(),
            Type = kind,
            Headers = headers,
        };
        return new OutgoingMessage(exchange, routingKey, properties, JsonSerializer.SerializeToUtf8Bytes(envelope, Type), envelope);
    }
}

/// <summary>A message to publish.</summary>
/// <param name="Exchange">The exchange; empty for the default one.</param>
/// <param name="RoutingKey">The routing key.</param>
/// <param name="Properties">The properties.</param>
/// <param name="Body">The body.</param>
/// <param name="Envelope">What it carries. Null: it is passed on unread.</param>
internal readonly record struct OutgoingMessage(string Exchange, string RoutingKey, BasicProperties Properties, ReadOnlyMemory<byte> Body, Envelope? Envelope);
