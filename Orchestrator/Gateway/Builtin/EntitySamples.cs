using System.Text.Json.Nodes;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>Example values of entities: for probes as JSON, for generated tests as C#.</summary>
internal static class EntitySamples
{
    /// <summary>An entity that is accepted.</summary>
    public static JsonObject Valid(Entity entity) => Sample(entity, "Sample", 1);

    /// <summary>Another one, different in every field.</summary>
    public static JsonObject Changed(Entity entity) => Sample(entity, "Changed", 2);

    /// <summary>An entity with as many wrong fields as there can be, and their names.</summary>
    public static (JsonObject Sent, IReadOnlyList<string> WrongFields) Invalid(Entity entity)
    {
        var sent = new JsonObject();
        var wrong = new List<string>();
        foreach (var field in entity.Fields)
        {
            if (WrongValue(field) is { } value)
            {
                sent[field.JsonName] = value;
                wrong.Add(field.JsonName);
            }
            else if (!field.Optional && field.Kind is not FieldKind.Flag)
            {
                wrong.Add(field.JsonName);
            }
        }

        return (sent, wrong);
    }

    private static JsonObject Sample(Entity entity, string word, int number)
    {
        var sample = new JsonObject();
        foreach (var field in entity.Fields)
        {
            sample[field.JsonName] = field.Kind switch
            {
                FieldKind.Email => $"{word.ToLowerInvariant()}@example.org",
                FieldKind.WebAddress => $"https://example.org/{word.ToLowerInvariant()}",
                FieldKind.Whole => number * 3,
                FieldKind.Number => number * 12.5m,
                FieldKind.Flag => number == 1,
                FieldKind.Date => $"2030-01-{number + 10}",
                _ => $"{word} {field.Words}",
            };
        }

        return sample;
    }

    // Null: nothing that is sent can be wrong; a required field is wrong when it is missing.
    private static JsonNode? WrongValue(EntityField field) => field.Kind switch
    {
        FieldKind.Email => "nobody",
        FieldKind.WebAddress => "nowhere",
        FieldKind.Whole => -1,
        FieldKind.Number => -0.5m,
        FieldKind.Text when field.Optional => new string('x', EntityCode.TextLength + 1),
        FieldKind.Text or FieldKind.LongText when !field.Optional => "",
        _ => null,
    };
}
