using System.Text.Json;
using Stack.Contracts;
using Stack.Orchestrator.Gateway.Conversations;

namespace Stack.Orchestrator.Planning;

/// <summary>What a model is told when it shall plan, and how its answer is read.</summary>
internal static class ModelPlanner
{
    /// <summary>The conversation before the model's first answer.</summary>
    /// <param name="request">The request.</param>
    /// <param name="agentTypes">The agent types that stages may name.</param>
    public static List<Turn> Begin(string request, IEnumerable<string> agentTypes) =>
    [
        new("system", $$"""
            You plan work for a system in which agents carry out the stages of a workflow. Answer with one JSON object and nothing else:
            {"definition": {"name": "...", "description": "...", "stages": [{"name": "...", "agent": "...", "description": "...", "needs": ["..."]}]}, "confidence": 0.0, "ambiguities": ["..."], "out_of_scope": ["..."]}
            Names are lower-case letters, digits and hyphens, begin with a letter and have at most 63 characters; the definition's name begins with 'plan-'. 'needs' names stages that must be completed first; there are no cycles.
            'agent' is one of: {{string.Join(", ", agentTypes.Where(type => type is not (DefinitionReader.OrchestratorAgent or "canary" or "noop")).Order(StringComparer.Ordinal))}}.
            A program is written so: initialization (makes the workspace, always first), scaffold (writes the program), validation (builds and tests it), e2e (uses it from outside), integration (merges), deployment (puts it into service, last, only when it is asked for).
            'confidence' is how sure you are, from 0 to 1, that this is what was meant and that it will succeed. 'ambiguities' are questions whose answers would change the plan. 'out_of_scope' is what will not be done.
            """),
        new("user", request),
    ];

    /// <summary>What the model is told about its mistakes.</summary>
    public static Turn Again(IEnumerable<DefinitionProblem> problems) =>
        new("user", $"The plan has problems. Repair all of them and answer with the whole JSON object again.\n{string.Join('\n', problems.Select(problem => $"- {problem}"))}");

    /// <summary>The form that the answer is held to.</summary>
    public static AnswerFormat Format { get; } = new(JsonDocument.Parse("""
        {
          "type": "object",
          "required": ["definition", "confidence", "ambiguities", "out_of_scope"],
          "additionalProperties": false,
          "properties": {
            "definition": {
              "type": "object",
              "required": ["name", "description", "stages"],
              "properties": {
                "name": {"type": "string"},
                "description": {"type": "string"},
                "stages": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "required": ["name", "agent", "description", "needs"],
                    "properties": {
                      "name": {"type": "string"},
                      "agent": {"type": "string"},
                      "description": {"type": "string"},
                      "needs": {"type": "array", "items": {"type": "string"}}
                    }
                  }
                }
              }
            },
            "confidence": {"type": "number"},
            "ambiguities": {"type": "array", "items": {"type": "string"}},
            "out_of_scope": {"type": "array", "items": {"type": "string"}}
          }
        }
        """).RootElement, "plan");

    /// <summary>Reads an answer.</summary>
    /// <returns>The draft, or what is wrong.</returns>
    public static (PlanDraft? Draft, DefinitionProblem? Problem) Read(string answer)
    {
        // Some models put words or a fence around what they were asked for.
        var (from, to) = (answer.IndexOf('{', StringComparison.Ordinal), answer.LastIndexOf('}'));
        if (from < 0 || to < from)
        {
            return (null, Wrong("$", "The answer has no JSON object."));
        }

        try
        {
            var wire = JsonSerializer.Deserialize<Wire>(answer[from..(to + 1)], StackJson.Options)!;
            return wire.Definition is { } definition
                ? (new PlanDraft(definition, wire.Confidence ?? 0, wire.Ambiguities ?? [], wire.OutOfScope ?? []), null)
                : (null, Wrong("definition", "It is missing."));
        }
        catch (JsonException malformed)
        {
            return (null, Wrong(malformed.Path is { Length: > 2 } path ? path[2..] : "$", $"The answer cannot be read: {malformed.Message.Split(" Path:")[0]}"));
        }
    }

    private static DefinitionProblem Wrong(string path, string message) => new() { Path = path, Message = message, Remedy = "Answer with one JSON object in the form that was described." };

    private sealed record Wire(JsonPayload? Definition, double? Confidence, IReadOnlyList<string>? Ambiguities, IReadOnlyList<string>? OutOfScope);
}
