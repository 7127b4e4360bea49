namespace Stack.Contracts;

/// <summary>Checks how the stages of a definition hang together.</summary>
internal static class DefinitionGraph
{
    public static void Check(List<StageDefinition> stages, List<DefinitionProblem> problems)
    {
        var byName = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < stages.Count; i++)
        {
            if (stages[i].Name.Length > 0 && !byName.TryAdd(stages[i].Name, i))
            {
                problems.Add(new DefinitionProblem
                {
                    Path = $"stages[{i}].name",
                    Value = stages[i].Name,
                    Message = $"stages[{byName[stages[i].Name]}] has the same name.",
                    Remedy = "Give each stage a name of its own.",
                });
            }
        }

        for (var i = 0; i < stages.Count; i++)
        {
            CheckNeeds(stages, i, byName, problems);
            CheckHandler(stages, i, byName, problems);
        }

        CheckCycles(stages, byName, problems);
    }

    private static void CheckNeeds(List<StageDefinition> stages, int index, Dictionary<string, int> byName, List<DefinitionProblem> problems)
    {
        var handlers = stages.Where(stage => stage.OnFailure is not null).Select(stage => stage.OnFailure!).ToHashSet(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var n = 0; n < stages[index].Needs.Count; n++)
        {
            var need = stages[index].Needs[n];
            var path = $"stages[{index}].needs[{n}]";
            if (!byName.ContainsKey(need))
            {
                problems.Add(Unknown(path, need, byName));
            }
            else if (!seen.Add(need))
            {
                problems.Add(new DefinitionProblem { Path = path, Value = need, Message = "The need is listed twice.", Remedy = "Remove one." });
            }
            else if (handlers.Contains(need))
            {
                problems.Add(new DefinitionProblem { Path = path, Value = need, Message = "A failure handler cannot be needed: it runs only when a stage fails.", Remedy = "Need the stage itself." });
            }
        }
    }

    private static void CheckHandler(List<StageDefinition> stages, int index, Dictionary<string, int> byName, List<DefinitionProblem> problems)
    {
        if (stages[index].OnFailure is not { } handler)
        {
            return;
        }

        var path = $"stages[{index}].on_failure";
        if (!byName.TryGetValue(handler, out var target))
        {
            problems.Add(Unknown(path, handler, byName));
        }
        else if (target == index)
        {
            problems.Add(new DefinitionProblem { Path = path, Value = handler, Message = "A stage cannot handle its own failure.", Remedy = "Name another stage, or use 'retry'." });
        }
        else if (stages[target].Needs.Count > 0 || stages[target].OnFailure is not null)
        {
            problems.Add(new DefinitionProblem { Path = path, Value = handler, Message = "A failure handler has no needs and no handler of its own.", Remedy = $"Remove 'needs' and 'on_failure' from '{handler}'." });
        }
    }

    private static DefinitionProblem Unknown(string path, string name, Dictionary<string, int> byName) => new()
    {
        Path = path,
        Value = name,
        Message = "There is no stage of this name.",
        Remedy = DefinitionNames.Nearest(name, byName.Keys) is { } near ? $"Did you mean '{near}'?" : "Name a stage of this definition.",
    };

    private static void CheckCycles(List<StageDefinition> stages, Dictionary<string, int> byName, List<DefinitionProblem> problems)
    {
        var state = new int[stages.Count];
        var trail = new List<int>();
        for (var i = 0; i < stages.Count; i++)
        {
            if (state[i] == 0 && FindCycle(i, stages, byName, state, trail) is { } cycle)
            {
                problems.Add(new DefinitionProblem
                {
                    Path = $"stages[{cycle[0]}].needs",
                    Value = string.Join(" → ", cycle.Append(cycle[0]).Select(n => stages[n].Name)),
                    Message = "The stages need each other in a cycle.",
                    Remedy = "Remove one of these needs.",
                });
                return;
            }
        }
    }

    private static List<int>? FindCycle(int node, List<StageDefinition> stages, Dictionary<string, int> byName, int[] state, List<int> trail)
    {
        state[node] = 1;
        trail.Add(node);
        foreach (var need in stages[node].Needs)
        {
            if (!byName.TryGetValue(need, out var next))
            {
                continue;
            }

            if (state[next] == 1)
            {
                return trail[trail.IndexOf(next)..];
            }

            if (state[next] == 0 && FindCycle(next, stages, byName, state, trail) is { } cycle)
            {
                return cycle;
            }
        }

        trail.RemoveAt(trail.Count - 1);
        state[node] = 2;
        return null;
    }
}
