using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Api.Replays;

/// <summary>Puts a replay beside what it replays. Pure.</summary>
internal static class ReplayComparer
{
    private const int MostDifferences = 100;
    private const string Nothing = "nothing";

    public static ReplayComparison Compare(StoredWorkflow replay, RecordedEnd expected, RecordedEnd actual, IReadOnlyList<ModelCall> given, IReadOnlyList<ModelCall> made)
    {
        var origin = replay.State.Origin!;
        var recorded = Answered(given);
        var replayed = Answered(made);
        List<ReplayDifference> differences = [.. Stages(origin, expected, actual), .. Calls(recorded, replayed), .. Files(expected, actual)];
        // What was left out may have been what the workflow failed of.
        var failedThere = origin.LeftOut.Any(stage => expected.Stages.GetValueOrDefault(stage) is StageStatus.Failed or StageStatus.Exhausted);
        if (expected.Status != actual.Status && !failedThere)
        {
            differences.Insert(0, new ReplayDifference("workflow", "status", Name(expected.Status), Name(actual.Status)));
        }

        return new ReplayComparison
        {
            Replay = replay.Header.Id,
            Of = origin.Of,
            Status = replay.State.Status,
            Same = differences.Count == 0,
            Recorded = recorded.Count,
            Replayed = replayed.Keys.Count(recorded.ContainsKey),
            Differences = [.. differences.Take(MostDifferences)],
            OtherOutputs = [.. expected.Outputs.Where(output => !origin.LeftOut.Contains(output.Key) && actual.Outputs.GetValueOrDefault(output.Key) != output.Value).Select(output => output.Key)],
            LeftOut = origin.LeftOut,
        };
    }

    private static IEnumerable<ReplayDifference> Stages(WorkflowOrigin origin, RecordedEnd expected, RecordedEnd actual) =>
        from stage in expected.Stages
        where !origin.LeftOut.Contains(stage.Key)
        let was = End(stage.Value, expected.Errors.GetValueOrDefault(stage.Key))
        let stands = actual.Stages.TryGetValue(stage.Key, out var now) ? End(now, actual.Errors.GetValueOrDefault(stage.Key)) : Nothing
        where was != stands
        select new ReplayDifference("stage", stage.Key, was, stands);

    private static IEnumerable<ReplayDifference> Calls(Dictionary<CallName, ModelCall> recorded, Dictionary<CallName, ModelCall> replayed)
    {
        foreach (var (name, call) in recorded)
        {
            if (!replayed.TryGetValue(name, out var again))
            {
                yield return new ReplayDifference("call", name.ToString(), $"asked {call.Asked}", "was not made");
            }
            else if (again.Answer != call.Answer)
            {
                yield return new ReplayDifference("call", name.ToString(), $"answer {call.Answer[..12]}", $"answer {again.Answer[..12]}");
            }
        }
    }

    private static IEnumerable<ReplayDifference> Files(RecordedEnd expected, RecordedEnd actual)
    {
        var (before, after) = (expected.Files ?? new Dictionary<string, string>(), actual.Files ?? new Dictionary<string, string>());
        return from path in before.Keys.Union(after.Keys).Order(StringComparer.Ordinal)
               let was = before.GetValueOrDefault(path)
               let stands = after.GetValueOrDefault(path)
               where was != stands
               select new ReplayDifference("file", path, was?[..12] ?? Nothing, stands?[..12] ?? Nothing);
    }

    // A failure that the same call got over afterwards is not made again.
    private static Dictionary<CallName, ModelCall> Answered(IReadOnlyList<ModelCall> calls)
    {
        var answered = calls.Where(call => call.Key.Occurrence >= 0).ToDictionary(CallName.Of);
        foreach (var failed in calls.Where(call => call.Key.Occurrence < 0))
        {
            answered.TryAdd(CallName.Of(failed), failed);
        }

        return answered;
    }

    private static string End(StageStatus status, string? error) => error is null ? Name(status) : $"{Name(status)} ({error})";

    private static string Name<T>(T status)
        where T : struct, Enum => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString());

    private readonly record struct CallName(string Stage, string Step, string RequestHash, int Occurrence)
    {
        public static CallName Of(ModelCall call) => new(call.Key.Stage, call.Key.Step, call.Key.RequestHash, call.Key.Occurrence < 0 ? -1 - call.Key.Occurrence : call.Key.Occurrence);

        public override string ToString() => $"{Stage}{(Step.Length > 0 ? $"/{Step}" : "")}/{RequestHash[..12]}{(Occurrence > 0 ? $"#{Occurrence + 1}" : "")}";
    }
}
