using System.Globalization;
using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>The events of one row of the log: a JSON array, in which each has its name, stage, attempt and time beside its data.</summary>
internal static class PostgresEvents
{
    /// <summary>Begins the array.</summary>
    public static void Begin(Utf8JsonWriter json) => json.WriteStartArray();

    /// <summary>Adds an event.</summary>
    public static void Add(Utf8JsonWriter json, WorkflowEvent happened, string? stage, int? attempt)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, EventNames.Of(happened));
        if (stage is not null)
        {
            json.WriteString("stage"u8, stage);
        }

        if (attempt is { } number)
        {
            json.WriteNumber("attempt"u8, number);
        }

        json.WriteString("at"u8, happened.At.UtcDateTime);
        json.WritePropertyName("data"u8);
        JsonSerializer.Serialize(json, happened, happened.GetType(), StackJson.Options);
        json.WriteEndObject();
    }

    /// <summary>Ends the array.</summary>
    public static void End(Utf8JsonWriter json) => json.WriteEndArray();

    /// <summary>Reads a row.</summary>
    /// <param name="lastId">The id of the last of its events.</param>
    /// <param name="workflowId">The workflow.</param>
    /// <param name="happened">The array.</param>
    public static IEnumerable<StoredEvent> Read(long lastId, WorkflowId workflowId, byte[] happened)
    {
        using var document = JsonDocument.Parse(happened);
        var id = lastId - document.RootElement.GetArrayLength();
        foreach (var element in document.RootElement.EnumerateArray())
        {
            yield return new StoredEvent(
                ++id,
                workflowId,
                element.GetProperty("name"u8).GetString()!,
                element.TryGetProperty("stage"u8, out var stage) ? stage.GetString() : null,
                element.TryGetProperty("attempt"u8, out var attempt) ? attempt.GetInt32() : null,
                DateTimeOffset.Parse(element.GetProperty("at"u8).GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind),
                JsonPayload.FromElement(element.GetProperty("data"u8)));
        }
    }
}
