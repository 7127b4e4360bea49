namespace Stack.Cli;

/// <summary>Shows how drills went.</summary>
internal static class DrillReport
{
    /// <summary>Writes the checks of one drill.</summary>
    public static void Write(Output output, DrillOutcome outcome)
    {
        if (outcome.Status is DrillStatus.NotApplicable)
        {
            output.Line($"{Styles.Plain(outcome.Drill)} {Styles.Apply("grey", $"not applicable: {outcome.Reason}")}");
            return;
        }

        output.Line($"{Styles.Plain(outcome.Drill)} {Styles.Apply(StyleOf(outcome.Status), Words.Of(outcome.Status))}{Styles.Plain($" {outcome.Score}/100 after {Words.Of(TimeSpan.FromMilliseconds(outcome.TookMs))}, recovery {Recovery(outcome)}")}");
        WriteChecks(output, outcome.Checks);
    }

    /// <summary>Writes checks, one a line.</summary>
    public static void WriteChecks(Output output, IReadOnlyList<Check> checks)
    {
        var table = new ResultTable("HOLDS", "CHECK", "DETAIL");
        foreach (var check in checks)
        {
            table.Add(new Cell(check.Holds ? "yes" : "NO", check.Holds ? "green" : "red"), check.Name, check.Detail);
        }

        table.Write(output);
        output.Line("");
    }

    /// <summary>Writes one line for each drill.</summary>
    public static void WriteSummary(Output output, IReadOnlyList<DrillOutcome> outcomes)
    {
        var table = new ResultTable("DRILL", "OUTCOME", "SCORE", "PROGRESS", "HEALTHY", "TOOK", "REASON");
        foreach (var outcome in outcomes)
        {
            table.Add(
                outcome.Drill,
                new Cell(Words.Of(outcome.Status), StyleOf(outcome.Status)),
                $"{outcome.Score}",
                Words.OfMilliseconds(outcome.ProgressMs),
                Words.OfMilliseconds(outcome.HealthyMs),
                outcome.Status is DrillStatus.NotApplicable ? "" : Words.OfMilliseconds(outcome.TookMs),
                outcome.Reason ?? string.Join(", ", outcome.Checks.Where(check => !check.Holds).Select(check => check.Name)));
        }

        table.Write(output);
    }

    /// <summary>Writes the history: one line for each drill, its scores from the oldest to the newest.</summary>
    public static void WriteTrend(Output output, IReadOnlyList<DrillOutcome> history)
    {
        const int Shown = 8;
        var table = new ResultTable("DRILL", "RUNS", "BROKEN", "LAST", "TREND", "RECOVERY", "SCORES");
        foreach (var drill in history.Where(outcome => outcome.Score is not null).GroupBy(outcome => outcome.Drill))
        {
            var runs = drill.ToList();
            var last = runs[^1];
            table.Add(
                drill.Key,
                $"{runs.Count}",
                $"{runs.Count(run => run.Status is DrillStatus.Broken)}",
                new Cell($"{Words.Of(last.Status)} {last.Score}", StyleOf(last.Status)),
                Trend(runs),
                Recovery(last),
                string.Join(' ', runs.TakeLast(Shown).Select(run => run.Score)));
        }

        table.Write(output);
    }

    /// <summary>The last score against the mean of those before it.</summary>
    internal static string Trend(IReadOnlyList<DrillOutcome> runs)
    {
        if (runs.Count < 2)
        {
            return "first";
        }

        var before = runs.SkipLast(1).Average(run => run.Score ?? 0);
        return ((runs[^1].Score ?? 0) - before) switch
        {
            > 1 => "better",
            < -1 => "worse",
            _ => "same",
        };
    }

    private static string Recovery(DrillOutcome outcome) => outcome switch
    {
        { ProgressMs: null, HealthyMs: null } => "nothing to recover from",
        _ => $"{Words.OfMilliseconds(outcome.ProgressMs)} to progress, {Words.OfMilliseconds(outcome.HealthyMs)} to health",
    };

    private static string StyleOf(DrillStatus status) => status switch
    {
        DrillStatus.Held => "green",
        DrillStatus.Broken => "red",
        _ => "grey",
    };
}
