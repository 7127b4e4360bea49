using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Xml.Linq;
using Stack.Contracts;

namespace Stack.Orchestrator.Api.Definitions;

/// <summary>The JSON Schema of the definition file, made from the contract's types and from their documentation. Editors complete and check definitions with it.</summary>
internal static class DefinitionSchema
{
    private static readonly Lazy<JsonNode> Made = new(Make);

    // Where the file is more lenient, or named differently, than the type that it becomes.
    private static readonly Dictionary<string, string> FileNames = new(StringComparer.Ordinal) { ["max_iterations"] = "iterations" };

    /// <summary>The schema.</summary>
    public static JsonNode Get() => Made.Value;

    private static JsonObject Make()
    {
        var documentation = Documentation();
        var schema = StackJson.Options.GetJsonSchemaAsNode(typeof(WorkflowDefinition), new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, node) => Transform(context, node, documentation),
        }).AsObject();
        Patch(schema);
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "Workflow definition");
        schema["required"] = new JsonArray("name", "stages");
        return schema;
    }

    private static JsonObject Transform(JsonSchemaExporterContext context, JsonNode node, Dictionary<string, string> documentation)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        var schema = node as JsonObject ?? [];
        if (type == typeof(TimeSpan))
        {
            schema = new JsonObject { ["type"] = "string", ["pattern"] = DurationText.Pattern, ["examples"] = new JsonArray("30s", "5m", "1h30m") };
        }
        else if (type == typeof(JsonPayload))
        {
            schema = new JsonObject { ["type"] = "object" };
        }
        else if (schema["type"] is JsonArray alternatives && alternatives.FirstOrDefault(kind => (string?)kind != "null") is { } kind)
        {
            // A field that may be left out is not a field that may be null.
            schema["type"] = kind.DeepClone();
        }

        if (schema["properties"] is JsonObject)
        {
            schema["additionalProperties"] = false;
        }

        if (context.PropertyInfo is { AttributeProvider: System.Reflection.PropertyInfo property }
            && documentation.TryGetValue($"P:{property.DeclaringType!.FullName}.{property.Name}", out var text))
        {
            schema["description"] = text;
        }

        schema.Remove("default");
        return schema;
    }

    private static void Patch(JsonObject schema)
    {
        var root = schema["properties"]!.AsObject();
        Name(root["name"]!);
        Name(root["type"]!);
        var stages = root["stages"]!.AsObject();
        stages["minItems"] = 1;
        stages["maxItems"] = DefinitionReader.MaxStages;
        var stage = stages["items"]!["properties"]!.AsObject();
        Name(stage["name"]!);
        Name(stage["agent"]!);
        foreach (var (from, to) in FileNames)
        {
            var moved = stage[from]!;
            stage.Remove(from);
            stage[to] = moved;
        }

        OneOf(stage, "iterations", new JsonObject { ["enum"] = new JsonArray("simple", "default", "complex") }, new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["maximum"] = IterationClass.HardCap });
        OneOf(stage, "approval", new JsonObject { ["type"] = "boolean" }, Bare(stage["approval"]!));
        foreach (var list in new[] { "needs", "artifacts" })
        {
            OneOf(stage, list, new JsonObject { ["type"] = "string" }, Bare(stage[list]!));
        }

        PatchChecks(stage["accept"]!.AsObject());
        var retry = stage["retry"]!["properties"]!;
        Range(retry["max_attempts"]!, 1, 20);
        Range(retry["multiplier"]!, 1, 10);
        Range(retry["jitter"]!, 0, 1);
    }

    private static void PatchChecks(JsonObject accept)
    {
        accept["maxItems"] = AcceptanceReader.MaxChecks;
        foreach (var check in accept["items"]!["anyOf"]!.AsArray())
        {
            var properties = check!["properties"]!.AsObject();
            foreach (var list in ((string[])["run", "must_change", "must_not_change"]).Where(properties.ContainsKey))
            {
                OneOf(properties, list, new JsonObject { ["type"] = "string" }, Bare(properties[list]!));
            }

            foreach (var any in ((string[])["body", "json"]).Where(properties.ContainsKey))
            {
                properties[any]!.AsObject().Remove("type");
            }
        }
    }

    private static void Name(JsonNode schema)
    {
        schema["pattern"] = "^[a-z][a-z0-9_-]{0,62}$";
    }

    private static void Range(JsonNode schema, int least, int most)
    {
        schema["minimum"] = least;
        schema["maximum"] = most;
    }

    private static JsonNode Bare(JsonNode schema)
    {
        var bare = schema.DeepClone();
        bare.AsObject().Remove("description");
        return bare;
    }

    private static void OneOf(JsonObject properties, string name, params JsonNode[] forms)
    {
        var description = properties[name]?["description"]?.DeepClone();
        properties[name] = new JsonObject { ["description"] = description, ["oneOf"] = new JsonArray(forms) };
    }

    /// <summary>The summaries of the contract's properties, from the documentation file beside the assembly. Empty: the file was not deployed.</summary>
    private static Dictionary<string, string> Documentation()
    {
        var path = Path.Combine(AppContext.BaseDirectory, typeof(WorkflowDefinition).Assembly.GetName().Name + ".xml");
        if (!File.Exists(path))
        {
            return [];
        }

        return XDocument.Load(path).Descendants("member")
            .Where(member => ((string?)member.Attribute("name"))?.StartsWith("P:", StringComparison.Ordinal) is true)
            .ToDictionary(member => (string)member.Attribute("name")!, Text, StringComparer.Ordinal);
    }

    private static string Text(XElement member)
    {
        var text = string.Join(' ', new[] { member.Element("summary"), member.Element("value") }.OfType<XElement>().Select(Flatten));
        return string.Join(' ', text.Split((char[])[' ', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Flatten(XElement element) =>
        string.Concat(element.Nodes().Select(node => node switch
        {
            XText text => text.Value,
            XElement { Name.LocalName: "see" } reference => ((string?)reference.Attribute("cref"))?.Split('.')[^1] ?? (string?)reference.Attribute("langword") ?? "",
            XElement inner => Flatten(inner),
            _ => "",
        }));
}
