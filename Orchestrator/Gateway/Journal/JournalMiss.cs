using System.Globalization;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Gateway.Journal;

/// <summary>Says which call a replay made that what it replays did not make, and where it differs from the nearest one.</summary>
internal static class JournalMiss
{
    private const int MostCalls = 10_000;
    private const int Around = 60;

    public static async Task<string> DescribeAsync(IModelJournal journal, ModelCallKey key, JournaledRequest request, WorkflowOrigin origin, CancellationToken cancellationToken)
    {
        var step = key.Step.Length > 0 ? $", step '{key.Step}'" : "";
        var which = string.Create(CultureInfo.InvariantCulture, $"call {key.RequestHash[..12]} of stage '{key.Stage}'{step} ({request.Parts.Count - 1} messages{(key.Occurrence > 0 ? $", asked for the {key.Occurrence + 1}. time" : "")})");
        var calls = (await journal.ListCallsAsync(key.WorkflowId, isGiven: true, MostCalls, cancellationToken)).Where(call => call.Key.Stage == key.Stage).ToList();
        var said = $"Workflow {key.WorkflowId} replays {origin.Of}, whose journal has no answer for {which}.";
        if (calls.Count == 0)
        {
            return $"{said} That workflow made no call in this stage.";
        }

        var nearest = calls.MaxBy(call => (call.Key.Step == key.Step ? 1 : 0, Common(call.Request, request)))!;
        var at = Common(nearest.Request, request);
        if (at == request.Parts.Count || at == nearest.Request.Count)
        {
            return $"{said} The nearest recorded call has {nearest.Request.Count - 1} messages and begins with the same.";
        }

        var contents = await journal.LoadContentsAsync(key.WorkflowId, [nearest.Request[at]], cancellationToken);
        return contents.TryGetValue(nearest.Request[at], out var recorded)
            ? $"{said} The nearest recorded call differs in {(at == 0 ? "its model, tools or parameters" : string.Create(CultureInfo.InvariantCulture, $"message {at}"))}: {Difference(recorded.ToString(), request.Parts[at].Json.ToString())}"
            : said;
    }

    private static int Common(IReadOnlyList<string> hashes, JournaledRequest request)
    {
        var same = 0;
        while (same < hashes.Count && same < request.Parts.Count && hashes[same] == request.Parts[same].Hash)
        {
            same++;
        }

        return same;
    }

    private static string Difference(string recorded, string asked)
    {
        var at = 0;
        while (at < recorded.Length && at < asked.Length && recorded[at] == asked[at])
        {
            at++;
        }

        return $"recorded {Snippet(recorded, at)}, now {Snippet(asked, at)}.";
    }

    private static string Snippet(string text, int at)
    {
        var from = Math.Max(0, at - (Around / 3));
        var to = Math.Min(text.Length, at + Around);
        return $"'{(from > 0 ? "…" : "")}{text[from..to]}{(to < text.Length ? "…" : "")}'";
    }
}
