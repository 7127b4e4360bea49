using Stack.Contracts;

namespace Stack.Cli;

/// <summary>What must hold of every run whatever fails in it. Pure: judges evidence.</summary>
internal static class Invariants
{
    /// <summary>By how much the clocks of processes on one machine may seem to differ.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    /// <summary>Judges a run that is over.</summary>
    public static IReadOnlyList<Check> Judge(Evidence evidence) =>
    [
        Exist(evidence),
        NoneUnasked(evidence),
        Ended(evidence),
        EndedAsAsked(evidence),
        SucceededOnce(evidence),
        EventsOnce(evidence),
        EventsInOrder(evidence),
        LedgersAgree(evidence),
        TimesInOrder(evidence),
        RefusalsSayWhen(evidence),
        DeadLettersAsAsked(evidence),
    ];

    /// <summary>Whether a workflow shall fail, because one of its stages ends its agents.</summary>
    public static bool IsPoison(CanaryInput input) => input.PoisonStage is not null;

    private static Check Exist(Evidence evidence)
    {
        var known = evidence.Workflows.Select(workflow => workflow.Id).ToHashSet();
        return Check.None("every accepted workflow exists", $"{evidence.Accepted.Count} accepted", evidence.Accepted.Keys.Where(id => !known.Contains(id)).Select(id => $"{id} is lost"));
    }

    private static Check NoneUnasked(Evidence evidence) => Check.None(
        "none was made twice",
        $"{evidence.Workflows.Count} in the store",
        evidence.Workflows.Where(workflow => !evidence.Accepted.ContainsKey(workflow.Id)).Select(workflow => $"{workflow.Id} ({workflow.Name}) was never acknowledged")
            .Concat(evidence.Workflows.GroupBy(workflow => workflow.Name).Where(group => group.Count() > 1).Select(group => $"'{group.Key}' exists {group.Count()} times")));

    private static Check Ended(Evidence evidence) => Check.None(
        "every workflow ended",
        $"{evidence.Workflows.Count} ended",
        evidence.Workflows.Where(workflow => !WorkflowFollower.IsTerminal(workflow.Status)).Select(workflow => $"{workflow.Id} is {Words.Of(workflow.Status)} in {workflow.CurrentStage}"));

    private static Check EndedAsAsked(Evidence evidence)
    {
        var poison = evidence.Workflows.Count(workflow => evidence.Accepted.TryGetValue(workflow.Id, out var input) && IsPoison(input));
        return Check.None(
            "each ended as it should",
            poison == 0 ? $"{evidence.Workflows.Count} completed" : $"{evidence.Workflows.Count - poison} completed, {poison} failed as poison",
            evidence.Workflows.Select(workflow => WrongEnd(workflow, evidence)).OfType<string>());
    }

    private static string? WrongEnd(WorkflowResource workflow, Evidence evidence)
    {
        if (!WorkflowFollower.IsTerminal(workflow.Status) || !evidence.Accepted.TryGetValue(workflow.Id, out var input))
        {
            return null;
        }

        var asked = IsPoison(input) ? WorkflowStatus.Failed : WorkflowStatus.Completed;
        if (workflow.Status != asked)
        {
            return $"{workflow.Id} is {Words.Of(workflow.Status)}: {workflow.Reason ?? workflow.Error?.Message}";
        }

        return IsPoison(input) && workflow.Error?.Category is not ErrorCategory.Poison
            ? $"{workflow.Id} failed with category {(workflow.Error is { } error ? Words.Of(error.Category) : "none")} and not poison"
            : null;
    }

    private static Check SucceededOnce(Evidence evidence)
    {
        var successes = evidence.Attempts.Where(attempt => attempt.Status is AttemptStatus.Completed).ToLookup(attempt => attempt.WorkflowId);
        return Check.None(
            "each stage succeeded exactly once",
            $"{successes.Sum(group => group.Count())} successes in {evidence.Attempts.Count} attempts",
            evidence.Workflows.SelectMany(workflow => WrongCounts(workflow, successes[workflow.Id].GroupBy(attempt => attempt.Stage).ToDictionary(group => group.Key, group => group.Count()))));
    }

    private static IEnumerable<string> WrongCounts(WorkflowResource workflow, Dictionary<string, int> successes)
    {
        foreach (var stage in CanaryDefinition.Stages)
        {
            var count = successes.GetValueOrDefault(stage);
            if (count > 1 || (count == 0 && workflow.Status is WorkflowStatus.Completed))
            {
                yield return $"{workflow.Id} {stage} has {count} successful attempts";
            }
        }
    }

    private static Check EventsOnce(Evidence evidence)
    {
        var ends = evidence.Events.Where(happened => happened.Type is "stage.completed" or "workflow.completed").ToLookup(happened => happened.WorkflowId);
        return Check.None(
            "the event log says each end once",
            $"{ends.Sum(group => group.Count())} ends in {evidence.Events.Count} events",
            evidence.Workflows.Where(workflow => workflow.Status is WorkflowStatus.Completed).SelectMany(workflow => WrongEnds(workflow.Id, [.. ends[workflow.Id]])));
    }

    private static IEnumerable<string> WrongEnds(WorkflowId id, IReadOnlyList<EventResource> ends)
    {
        var stages = ends.Where(happened => happened.Type == "stage.completed").Select(happened => happened.Stage);
        if (!stages.SequenceEqual(CanaryDefinition.Stages))
        {
            yield return $"{id} completed the stages {string.Join(", ", stages)}";
        }

        if (ends.Count(happened => happened.Type == "workflow.completed") is not 1 and var count)
        {
            yield return $"{id} completed {count} times";
        }
    }

    private static Check EventsInOrder(Evidence evidence) => Check.None(
        "events are in the order of time",
        $"{evidence.Events.Count} events",
        evidence.Events.GroupBy(happened => happened.WorkflowId).SelectMany(group => group.Zip(group.Skip(1)))
            .Where(pair => pair.Second.Id <= pair.First.Id || pair.Second.At < pair.First.At)
            .Select(pair => $"{pair.First.WorkflowId}: {pair.Second.Type} {pair.Second.Id} at {pair.Second.At:O} follows {pair.First.Type} {pair.First.Id} at {pair.First.At:O}"));

    private static Check LedgersAgree(Evidence evidence)
    {
        var begun = evidence.Ledger.Where(entry => entry.Event is CanaryLedgerEvent.Begun).Select(entry => entry.TaskId).ToHashSet();
        var finished = evidence.Ledger.Where(entry => entry.Event is CanaryLedgerEvent.Finished).Select(entry => entry.TaskId).ToHashSet();
        var successes = evidence.Attempts.Where(attempt => attempt.Status is AttemptStatus.Completed).Select(attempt => attempt.TaskId).ToHashSet();
        return Check.None(
            "the store and the agents' ledgers agree",
            $"{successes.Count} successes, all in the ledgers; {finished.Count - successes.Count(finished.Contains)} more executions that did not count",
            successes.Where(task => !finished.Contains(task)).Select(task => $"{task} is a success of which no ledger knows")
                .Concat(finished.Where(task => !begun.Contains(task)).Select(task => $"{task} was finished and never begun")));
    }

    private static Check TimesInOrder(Evidence evidence)
    {
        var (from, to) = (evidence.Began - Tolerance, evidence.Gathered + Tolerance);
        return Check.None(
            "no time runs backward",
            $"{evidence.Attempts.Count} attempts",
            evidence.Attempts.Where(attempt => attempt.StartedAt > attempt.FinishedAt).Select(attempt => $"{attempt.TaskId} began at {attempt.StartedAt:O} and ended before, at {attempt.FinishedAt:O}")
                .Concat(evidence.Attempts.Where(attempt => attempt.StartedAt < from || attempt.StartedAt > to || attempt.FinishedAt > to)
                    .Select(attempt => $"{attempt.TaskId} ran from {attempt.StartedAt:O} to {attempt.FinishedAt:O}, outside of the run"))
                .Concat(evidence.Attempts.Where(attempt => attempt.Usage?.DurationMs < 0).Select(attempt => $"{attempt.TaskId} took {attempt.Usage!.DurationMs} ms"))
                .Concat(evidence.Events.Where(happened => happened.At < from || happened.At > to).Select(happened => $"event {happened.Id} is of {happened.At:O}, outside of the run")));
    }

    private static Check RefusalsSayWhen(Evidence evidence) =>
        Check.None("a refusal says when to come back", "none without Retry-After", evidence.BareRefusals);

    private static Check DeadLettersAsAsked(Evidence evidence) => Check.None(
        "dead letters are only poison",
        $"{evidence.DeadLetters.Count} dead letters",
        evidence.DeadLetters.Where(letter => letter.TaskId is not { } task || !evidence.Accepted.TryGetValue(task.WorkflowId, out var input) || input.PoisonStage != task.Stage)
            .Select(letter => $"{letter.Kind} {letter.TaskId} in {letter.Queue}: {letter.Reason}"));
}
