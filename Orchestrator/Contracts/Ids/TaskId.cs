using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>
/// Names one attempt at one stage of one workflow, and so the task that asks for it. Deterministic: the same attempt has the same id however
/// often it is delivered, which makes it the idempotency key of the attempt's result. Written as <c>workflow.stage.attempt</c>.
/// </summary>
/// <param name="WorkflowId">The workflow.</param>
/// <param name="Stage">The stage's name.</param>
/// <param name="Attempt">The fencing number, from 1, rising with every attempt at the stage.</param>
[JsonConverter(typeof(Converter))]
public readonly record struct TaskId(WorkflowId WorkflowId, string Stage, int Attempt) : IParsable<TaskId>
{
    /// <summary>The text <c>workflow.stage.attempt</c>, with the workflow as 32 hexadecimal digits.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{WorkflowId.Value:N}.{Stage}.{Attempt}");

    /// <inheritdoc />
    public static TaskId Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException($"'{s}' is not a task id (workflow.stage.attempt).");

    /// <inheritdoc />
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out TaskId result)
    {
        result = default;
        if (s is null)
        {
            return false;
        }

        var first = s.IndexOf('.', StringComparison.Ordinal);
        var last = s.LastIndexOf('.');
        if (first <= 0 || last <= first + 1
            || !Guid.TryParse(s.AsSpan(0, first), out var workflow)
            || !int.TryParse(s.AsSpan(last + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt))
        {
            return false;
        }

        result = new TaskId(new WorkflowId(workflow), s[(first + 1)..last], attempt);
        return true;
    }

    /// <summary>Reads and writes it as JSON.</summary>
    public sealed class Converter : JsonConverter<TaskId>
    {
        /// <inheritdoc />
        public override TaskId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var text = reader.GetString();
            return TryParse(text, null, out var id) ? id : throw new JsonException($"'{text}' is not a task id (workflow.stage.attempt).");
        }

        /// <inheritdoc />
        public override void Write(Utf8JsonWriter writer, TaskId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
