using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Stack.Orchestrator.Gateway.Configuration;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Providers;

namespace Stack.Orchestrator.Gateway.Routing;

/// <summary>Reads calls of tools out of a text, in the forms that models were taught: JSON, JSON in a fence, between tags, after a marker.</summary>
internal static partial class ToolText
{
    /// <summary>What a text is.</summary>
    /// <param name="Text">What is said; empty when it is calls only.</param>
    /// <param name="Calls">The calls in it.</param>
    internal sealed record Reading(string Text, IReadOnlyList<ToolCall> Calls);

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="tools">The tools that there are; a call of another one is no call.</param>
    /// <param name="rung">How they were offered.</param>
    public static Reading Read(string text, IReadOnlyList<ToolSpec> tools, ToolRung rung)
    {
        var calls = new List<ToolCall>();
        var rest = Tagged().Replace(text, match => Take(match.Groups["json"].Value, match.Groups["name"].Value, tools, calls) ? "" : match.Value);
        if (calls.Count > 0)
        {
            return new Reading(rest.Trim(), calls);
        }

        var bare = Marker().Replace(text.Trim(), "");
        var inner = Fence().Match(bare) is { Success: true } fence ? fence.Groups["json"].Value : bare;
        if (inner is not ['{' or '[', ..])
        {
            return new Reading(text, []);
        }

        if (Take(inner, "", tools, calls))
        {
            return new Reading("", calls);
        }

        // Several objects, one on each line.
        foreach (var line in inner.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!Take(line, "", tools, calls))
            {
                calls.Clear();
                break;
            }
        }

        return calls.Count > 0 ? new Reading("", calls)
            : rung is ToolRung.Native ? new Reading(text, [])
            : new Reading(Answer(inner) ?? text, []);
    }

    /// <summary>The tool that is meant, whatever case and marks the model wrote.</summary>
    /// <returns>Null: none is.</returns>
    public static string? KnownName(string name, IReadOnlyList<ToolSpec> tools) =>
        tools.FirstOrDefault(tool => tool.Name == name)?.Name ?? tools.FirstOrDefault(tool => Letters(tool.Name) == Letters(name) && Letters(name).Length > 0)?.Name;

    private static string Letters(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();

    private static string? Answer(string json) => LooseJson.Object(json) is { } found && found["answer"] is { } answer
        ? (answer is JsonValue value && value.GetValueKind() is JsonValueKind.String ? value.GetValue<string>() : answer.ToJsonString())
        : null;

    private static bool Take(string json, string name, IReadOnlyList<ToolSpec> tools, List<ToolCall> calls)
    {
        var value = LooseJson.Value(json);
        var items = value switch
        {
            JsonArray list => list.ToList(),
            JsonObject found when found["tool_calls"] is JsonArray list => list.ToList(),
            JsonObject found => [found],
            _ => [],
        };
        var read = items.Select(item => item is JsonObject found ? CallOf(found, name, tools, calls.Count) : null).ToList();
        if (read.Count == 0 || read.Contains(null))
        {
            return false;
        }

        calls.AddRange(read.Select((call, index) => call! with { Id = $"call_{calls.Count + index}" }));
        return true;
    }

    private static ToolCall? CallOf(JsonObject found, string name, IReadOnlyList<ToolSpec> tools, int index)
    {
        if (found["function"] is JsonObject function)
        {
            found = function;
        }

        var said = name.Length > 0 ? name : Text(found, "tool") ?? Text(found, "name") ?? Text(found, "tool_name") ?? Text(found, "function") ?? Text(found, "action");
        if (said is null || KnownName(said, tools) is not { } known)
        {
            return null;
        }

        var given = found["arguments"] ?? found["parameters"] ?? found["args"] ?? found["input"] ?? found["action_input"];
        var arguments = given switch
        {
            null => name.Length > 0 ? found : [],
            JsonObject one => one,
            JsonValue text when text.GetValueKind() is JsonValueKind.String => LooseJson.Object(text.GetValue<string>()),
            _ => null,
        };
        return arguments is null ? null : new ToolCall($"call_{index}", known, arguments.ToJsonString());
    }

    private static string? Text(JsonObject found, string name) => found[name] is JsonValue value && value.GetValueKind() is JsonValueKind.String ? value.GetValue<string>() : null;

    [GeneratedRegex(@"<(?:tool_call|function_call|function=(?<name>[\w.-]+)|tool_call name=""(?<name>[\w.-]+)"")>\s*(?<json>[\[{].*?)\s*(?:</(?:tool_call|function_call|function)>|\z)", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Tagged();

    [GeneratedRegex(@"^\[TOOL_CALLS\]\s*|^<\|python_tag\|>\s*", RegexOptions.CultureInvariant)]
    private static partial Regex Marker();

    [GeneratedRegex(@"^```(?:json|tool_call|tool_code)?\s*(?<json>[\[{].*?)\s*(?:```)?\s*\z", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Fence();
}
