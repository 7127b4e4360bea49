using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Stack.Orchestrator.Gateway.Configuration;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Providers;

namespace Stack.Orchestrator.Gateway.Routing;

/// <summary>
/// Offers tools to models that have no protocol for them, and reads their calls: natively, as JSON that the server holds to a schema, or out of the text. On every rung a text that is
/// a call of one of the tools becomes one, repaired where needed; a text that only mentions one stays text.
/// </summary>
internal static class ToolLadder
{
    /// <summary>Writes a conversation for a rung.</summary>
    public static ChatCall Prepare(ChatCall call, ToolRung rung)
    {
        if (rung is ToolRung.Native || call.Tools.Count == 0 || call.ToolChoice is "none")
        {
            return call;
        }

        var turns = call.Turns.Select(Plain).ToList();
        turns.Insert(0, new Turn("system", Instructions(call, rung)));
        return call with { Turns = turns, Tools = [], ToolChoice = null, Format = rung is ToolRung.Json ? new AnswerFormat(SchemaOf(call), "tool_call_or_answer") : null };
    }

    /// <summary>Reads an answer on a rung. What may be a call is held back until it is known.</summary>
    public static async IAsyncEnumerable<AnswerPart> ReadAsync(
        IAsyncEnumerable<AnswerPart> parts, ChatCall call, ToolRung rung, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (call.Tools.Count == 0 || call.ToolChoice is "none")
        {
            await foreach (var part in parts.WithCancellation(cancellationToken))
            {
                yield return part;
            }

            yield break;
        }

        var held = new StringBuilder();
        var isHolding = true;
        var calls = 0;
        await foreach (var part in parts.WithCancellation(cancellationToken))
        {
            switch (part)
            {
                case AnswerPart.Text text when isHolding:
                    held.Append(text.Value);
                    if (rung is not ToolRung.Native || MayBeCall(held))
                    {
                        break;
                    }

                    isHolding = false;
                    yield return new AnswerPart.Text(held.ToString());
                    held.Clear();
                    break;
                case AnswerPart.Call made:
                    calls++;
                    yield return new AnswerPart.Call(Straighten(made.Value, call.Tools));
                    break;
                case AnswerPart.End end:
                    var read = held.Length > 0 && calls == 0 ? ToolText.Read(held.ToString(), call.Tools, rung) : new ToolText.Reading(held.ToString(), []);
                    if (read.Text.Length > 0)
                    {
                        yield return new AnswerPart.Text(read.Text);
                    }

                    foreach (var found in read.Calls)
                    {
                        yield return new AnswerPart.Call(found);
                    }

                    yield return read.Calls.Count > 0 ? end with { Reason = "tool_calls" } : end;
                    break;
                default:
                    yield return part;
                    break;
            }
        }
    }

    private static bool MayBeCall(StringBuilder text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsWhiteSpace(text[i]))
            {
                return text[i] is '{' or '[' or '`' or '<';
            }
        }

        return true;
    }

    // Models write names with other marks and letters, and JSON with errors; what cannot be put right goes on as it is, and the caller can tell the model.
    private static ToolCall Straighten(ToolCall call, IReadOnlyList<ToolSpec> tools) => call with
    {
        Name = ToolText.KnownName(call.Name, tools) ?? call.Name,
        Arguments = LooseJson.Object(call.Arguments)?.ToJsonString() ?? call.Arguments,
    };

    private static Turn Plain(Turn turn) => turn switch
    {
        { Role: "tool" } => new Turn("user", $"Result of the tool {turn.ToolName ?? turn.CallId}:\n{turn.Text}"),
        { Calls.Count: > 0 } => new Turn(turn.Role, $"{turn.Text}\n{string.Join('\n', turn.Calls.Select(call => $$"""{"tool": {{JsonSerializer.Serialize(call.Name)}}, "arguments": {{LooseJson.Object(call.Arguments)?.ToJsonString() ?? "{}"}}}"""))}".Trim()),
        _ => turn,
    };

    private static string Instructions(ChatCall call, ToolRung rung)
    {
        var text = new StringBuilder("You can use tools. The tools, each with the JSON schema of its arguments:\n");
        foreach (var tool in call.Tools)
        {
            text.Append("- ").Append(tool.Name).Append(": ").Append(tool.Description ?? "").Append(" Arguments: ").Append(Json.Schema(tool.Parameters).ToJsonString()).Append('\n');
        }

        text.Append("To use a tool answer only with {\"tool\": NAME, \"arguments\": {...}}; you get its result in the next message. ");
        text.Append(rung is ToolRung.Json ? "To answer without a tool write {\"answer\": TEXT}." : "To answer without a tool write plain text.");
        return call.ToolChoice switch
        {
            null or "auto" => text.ToString(),
            "required" => text.Append(" Use a tool now.").ToString(),
            var name => text.Append(" Use the tool ").Append(name).Append(" now.").ToString(),
        };
    }

    private static JsonElement SchemaOf(ChatCall call)
    {
        var chosen = call.Tools.Where(tool => call.ToolChoice is null or "auto" or "required" || tool.Name == call.ToolChoice);
        var choices = new JsonArray([.. chosen.Select(tool => Object(
            ("tool", new JsonObject { ["type"] = "string", ["enum"] = new JsonArray(tool.Name) }), ("arguments", Json.Schema(tool.Parameters))))]);
        if (call.ToolChoice is null or "auto")
        {
            choices.Add(Object(("answer", call.Format is { Schema: { } schema } ? Json.Schema(schema) : new JsonObject { ["type"] = call.Format is null ? "string" : "object" })));
        }

        return JsonSerializer.SerializeToElement(new JsonObject { ["anyOf"] = choices });
    }

    private static JsonObject Object(params (string Name, JsonNode Schema)[] properties) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject(properties.Select(property => KeyValuePair.Create<string, JsonNode?>(property.Name, property.Schema))),
        ["required"] = new JsonArray([.. properties.Select(property => JsonValue.Create(property.Name))]),
    };
}
