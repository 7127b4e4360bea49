using System.Text.Json;

namespace Stack.Contracts;

/// <summary>Reads a workflow definition from JSON (YAML is turned into JSON first) and reports everything that is wrong with it at once.</summary>
public static class DefinitionReader
{
    /// <summary>The most stages that a definition may have.</summary>
    public const int MaxStages = 200;

    /// <summary>The agent type of stages whose approved effect the orchestrator executes itself.</summary>
    public const string OrchestratorAgent = "orchestrator";

    /// <summary>Reads a definition.</summary>
    /// <param name="root">The JSON value.</param>
    /// <param name="agentTypes">The agent types that are known. Null: any name goes.</param>
    public static DefinitionReading Read(JsonElement root, IReadOnlyCollection<string>? agentTypes)
    {
        var problems = new List<DefinitionProblem>();
        if (JsonFields.Of(root, "", problems) is not { } fields)
        {
            return new DefinitionReading(null, problems);
        }

        var name = fields.Identifier("name", required: true);
        var description = fields.Text("description");
        var type = fields.Identifier("type");
        var priority = fields.Choice<Priority>("priority");
        var timeout = fields.Duration("timeout", TimeSpan.FromSeconds(1));
        var stages = ReadStages(fields, agentTypes, problems);
        fields.RefuseUnknown();
        DefinitionGraph.Check(stages, problems);
        if (problems.Count > 0)
        {
            return new DefinitionReading(null, problems);
        }

        var definition = new WorkflowDefinition
        {
            Name = name!,
            Description = description ?? "",
            Type = type ?? name!,
            Priority = priority ?? Priority.Medium,
            Timeout = timeout,
            Stages = stages,
        };
        return new DefinitionReading(definition, problems);
    }

    private static List<StageDefinition> ReadStages(JsonFields fields, IReadOnlyCollection<string>? agentTypes, List<DefinitionProblem> problems)
    {
        var stages = new List<StageDefinition>();
        if (fields.Find("stages") is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() == 0)
        {
            fields.Report("stages", fields.Find("stages"), "A list of stages is needed.", "Add at least one stage with 'name' and 'agent'.");
            return stages;
        }

        if (list.GetArrayLength() > MaxStages)
        {
            fields.Report("stages", null, $"There are {list.GetArrayLength()} stages.", $"Use at most {MaxStages}, or split the definition.");
            return stages;
        }

        var index = 0;
        foreach (var element in list.EnumerateArray())
        {
            stages.Add(ReadStage(element, $"stages[{index++}]", agentTypes, problems));
        }

        return stages;
    }

    private static StageDefinition ReadStage(JsonElement element, string path, IReadOnlyCollection<string>? agentTypes, List<DefinitionProblem> problems)
    {
        if (JsonFields.Of(element, path, problems) is not { } fields)
        {
            return new StageDefinition { Name = "", Agent = "" };
        }

        var name = fields.Identifier("name", required: true) ?? "";
        var defaults = new StageDefinition { Name = name, Agent = ReadAgent(fields, agentTypes) };
        var stage = defaults with
        {
            Description = fields.Text("description") ?? "",
            Needs = fields.Texts("needs"),
            With = ReadWith(fields),
            Timeout = fields.Duration("timeout", TimeSpan.FromSeconds(1)) ?? defaults.Timeout,
            Retry = ReadRetry(fields, problems),
            MaxIterations = ReadIterations(fields),
            Approval = ReadApproval(fields, problems),
            OnFailure = fields.Text("on_failure"),
            DisplayState = fields.Text("display_state", maxLength: 40) ?? name.ToUpperInvariant(),
            Workspace = fields.Flag("workspace") ?? true,
            WorkingDirectory = ReadFolder(fields, "working_directory"),
            Artifacts = ReadPaths(fields, "artifacts"),
            Accept = AcceptanceReader.Read(fields, problems),
        };
        fields.RefuseUnknown();
        if (stage.Agent == OrchestratorAgent != (stage.Approval?.Effect is GateEffect.Input))
        {
            fields.Report(
                "agent",
                fields.Find("agent"),
                $"The agent '{OrchestratorAgent}' executes approved effects and nothing else.",
                $"Write 'agent: {OrchestratorAgent}' together with 'approval: {{effect: input}}', or neither.");
        }

        return stage;
    }

    private static string ReadAgent(JsonFields fields, IReadOnlyCollection<string>? agentTypes)
    {
        var agent = fields.Identifier("agent", required: true) ?? "";
        if (agent.Length > 0 && agentTypes is not null && !agentTypes.Contains(agent))
        {
            var near = DefinitionNames.Nearest(agent, agentTypes);
            fields.Report(
                "agent",
                fields.Find("agent"),
                "There is no agent type of this name.",
                (near is null ? "" : $"Did you mean '{near}'? ") + $"Known types: {string.Join(", ", agentTypes.Order())}. A type becomes known when an agent of that type registers.");
        }

        return agent;
    }

    private static JsonPayload? ReadWith(JsonFields fields)
    {
        if (fields.Find("with") is not { } with)
        {
            return null;
        }

        if (with.ValueKind != JsonValueKind.Object)
        {
            fields.Report("with", with, "An object is needed.", "Write the agent's parameters as names and values.");
            return null;
        }

        return JsonPayload.FromElement(with);
    }

    private static RetryPolicy ReadRetry(JsonFields stage, List<DefinitionProblem> problems)
    {
        if (stage.Find("retry") is not { } element || JsonFields.Of(element, stage.PathOf("retry"), problems) is not { } fields)
        {
            return RetryPolicy.Default;
        }

        var defaults = RetryPolicy.Default;
        var policy = new RetryPolicy
        {
            MaxAttempts = (int)(fields.Number("max_attempts", 1, 20, whole: true) ?? defaults.MaxAttempts),
            InitialDelay = fields.Duration("initial_delay", TimeSpan.Zero) ?? defaults.InitialDelay,
            MaxDelay = fields.Duration("max_delay", TimeSpan.Zero) ?? defaults.MaxDelay,
            Multiplier = fields.Number("multiplier", 1, 10, whole: false) ?? defaults.Multiplier,
            Jitter = fields.Number("jitter", 0, 1, whole: false) ?? defaults.Jitter,
        };
        fields.RefuseUnknown();
        return policy.MaxDelay < policy.InitialDelay ? policy with { MaxDelay = policy.InitialDelay } : policy;
    }

    private static int ReadIterations(JsonFields fields)
    {
        switch (fields.Find("iterations") is { ValueKind: JsonValueKind.String } text ? text.GetString() : null)
        {
            case "simple":
                return IterationClass.Simple;
            case "default":
                return IterationClass.Default;
            case "complex":
                return IterationClass.Complex;
            case null:
                return (int)(fields.Number("iterations", 1, IterationClass.HardCap, whole: true) ?? IterationClass.Default);
            default:
                fields.Report("iterations", fields.Find("iterations"), "It is not an iteration class.", $"Write simple (10), default (20), complex (50), or a number from 1 to {IterationClass.HardCap}.");
                return IterationClass.Default;
        }
    }

    private static ApprovalGate? ReadApproval(JsonFields stage, List<DefinitionProblem> problems)
    {
        if (stage.Find("approval") is not { } element)
        {
            return null;
        }

        if (element.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return element.GetBoolean() ? new ApprovalGate { Prompt = "May this stage start?" } : null;
        }

        if (JsonFields.Of(element, stage.PathOf("approval"), problems) is not { } fields)
        {
            return null;
        }

        var gate = new ApprovalGate
        {
            Prompt = fields.Text("prompt") ?? "May this stage start?",
            ExpiresAfter = fields.Duration("expires_after", TimeSpan.FromSeconds(1)),
            OnExpiry = fields.Choice<ApprovalExpiry>("on_expiry") ?? ApprovalExpiry.Reject,
            Deciders = fields.Texts("deciders"),
            RemindEvery = fields.Duration("remind_every", ApprovalTerms.LeastReminder),
            EscalateTo = fields.Texts("escalate_to"),
            EscalationExpiresAfter = fields.Duration("escalation_expires_after", TimeSpan.FromSeconds(1)),
            Effect = fields.Choice<GateEffect>("effect") ?? GateEffect.Stage,
        };
        CheckEscalation(fields, gate);
        fields.RefuseUnknown();
        return gate;
    }

    private static void CheckEscalation(JsonFields fields, ApprovalGate gate)
    {
        if (gate.OnExpiry is ApprovalExpiry.Escalate && gate.EscalateTo.Count == 0)
        {
            fields.Report("escalate_to", null, "It is missing.", "Name who may decide, too, when nobody answered in time.");
        }

        if (gate.OnExpiry is ApprovalExpiry.Escalate && gate.ExpiresAfter is null)
        {
            fields.Report("expires_after", null, "It is missing.", "Say after which time the question escalates, for example 4h.");
        }

        if (gate.OnExpiry is not ApprovalExpiry.Escalate && (gate.EscalateTo.Count > 0 || gate.EscalationExpiresAfter is not null))
        {
            fields.Report("on_expiry", fields.Find("on_expiry"), "The question never escalates.", "Write on_expiry: escalate, or remove 'escalate_to' and 'escalation_expires_after'.");
        }
    }

    private static string ReadFolder(JsonFields fields, string name) =>
        fields.Text(name) is { Length: > 0 } path && CheckPath(fields, name, path) && path is not "." ? path.TrimEnd('/') : "";

    private static List<string> ReadPaths(JsonFields fields, string name) =>
        [.. fields.Texts(name).Where(path => CheckPath(fields, name, path)).Select(path => path.TrimEnd('/'))];

    private static bool CheckPath(JsonFields fields, string name, string path)
    {
        if (DefinitionNames.IsInsideWorkspace(path))
        {
            return true;
        }

        fields.Report(name, fields.Find(name), $"The path '{path}' leaves the workspace.", "Write a path relative to the workspace, with forward slashes, without '..' and '.git'.");
        return false;
    }
}
