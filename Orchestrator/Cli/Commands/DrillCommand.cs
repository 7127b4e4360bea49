using System.CommandLine;

namespace Stack.Cli;

/// <summary><c>stack drill</c>: hurts a running stack and looks whether it stands that.</summary>
internal static class DrillCommand
{
    private const int DefaultWorkflows = 30;
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(3);

    public static Command Create(CommandScope scope)
    {
        var names = new Argument<string[]>("name") { Description = "The drills; 'stack drill list' shows them", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all") { Description = "Run all drills that apply" };
        var data = DrillSymbols.DataDirectory();
        var workflows = DrillSymbols.Count("--workflows", "How many canary workflows each drill runs", DefaultWorkflows, least: 2, most: 10_000);
        var seed = DrillSymbols.Seed();
        var limit = DrillSymbols.Duration("--timeout", "How long any one wait of a drill may take", DefaultLimit);
        var command = scope.Define(
            "drill",
            "Hurt a running stack on purpose, and check that it loses nothing, does nothing twice, and recovers",
            [names, all, data, workflows, seed, limit],
            ["stack drill kill-agent", "stack drill redis-pause postgres-restart --seed 7", "stack drill --all --json"],
            (session, parsed, cancellationToken) => RunAsync(
                session,
                Choose(parsed.GetValue(names) ?? [], parsed.GetValue(all)),
                new DrillOptions(parsed.GetValue(workflows), parsed.GetValue(seed) ?? DrillSymbols.AnySeed(session), parsed.GetValue(limit) ?? DefaultLimit),
                token => DrillSymbols.OpenAsync(scope, session, parsed, data, token),
                cancellationToken));
        command.Subcommands.Add(CreateList(scope));
        command.Subcommands.Add(CreateHistory(scope));
        return command;
    }

    private static IReadOnlyList<Drill> Choose(string[] names, bool all) => (names, all) switch
    {
        ([], false) => throw new UsageException("Which drill? Name one ('stack drill list' shows them), or write --all."),
        ({ Length: > 0 }, true) => throw new UsageException("Drills are named, and --all is given. Give one of the two."),
        _ => DrillCatalog.Choose(names),
    };

    private static async Task<ExitCode> RunAsync(
        Session session, IReadOnlyList<Drill> drills, DrillOptions options, Func<CancellationToken, Task<DrillTarget>> open, CancellationToken cancellationToken)
    {
        using var target = await open(cancellationToken);
        var history = new DrillHistory(target.Data);
        var outcomes = new List<DrillOutcome>();
        session.Output.Note($"Seed {options.Seed}.");
        try
        {
            foreach (var drill in drills)
            {
                session.Output.Note($"{drill.Name}: {drill.Description}");
                var outcome = await new DrillRunner(target, options, line => session.Output.Note($"  {line}")).RunAsync(drill, cancellationToken);
                history.Add(outcome);
                outcomes.Add(outcome);
                if (!session.Output.IsJson)
                {
                    DrillReport.Write(session.Output, outcome);
                }
            }
        }
        finally
        {
            await target.Crew.StopAsync(CancellationToken.None);
        }

        if (session.Output.IsJson)
        {
            session.Output.Document(new { options.Seed, Drills = outcomes });
        }
        else if (outcomes.Count > 1)
        {
            DrillReport.WriteSummary(session.Output, outcomes);
        }

        return outcomes.Exists(outcome => outcome.Status is DrillStatus.Broken) ? ExitCode.Failed : ExitCode.Completed;
    }

    private static Command CreateList(CommandScope scope) => scope.Define(
        "list",
        "List the drills",
        [],
        ["stack drill list"],
        (session, _, _) =>
        {
            var drills = DrillCatalog.Create();
            if (session.Output.IsJson)
            {
                session.Output.Document(new { Drills = drills.Select(drill => new { drill.Name, drill.Component, drill.Description }) });
                return Task.FromResult(ExitCode.Completed);
            }

            var table = new ResultTable("DRILL", "HURTS", "WHAT IT DOES");
            foreach (var drill in drills)
            {
                table.Add(drill.Name, drill.Component, drill.Description);
            }

            table.Write(session.Output);
            return Task.FromResult(ExitCode.Completed);
        });

    private static Command CreateHistory(CommandScope scope)
    {
        var data = DrillSymbols.DataDirectory();
        return scope.Define(
            "history",
            "Show how the drills on a data folder went, and whether they get better",
            [data],
            ["stack drill history", "stack drill history --json | jq '.outcomes[] | select(.status == \"broken\")'"],
            (session, parsed, _) =>
            {
                var history = new DrillHistory(DrillSymbols.DirectoryOf(session, parsed, data)).Read();
                if (session.Output.IsJson)
                {
                    session.Output.Document(new { Outcomes = history });
                }
                else
                {
                    DrillReport.WriteTrend(session.Output, history);
                }

                return Task.FromResult(ExitCode.Completed);
            });
    }
}
