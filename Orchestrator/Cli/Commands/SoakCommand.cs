using System.CommandLine;

namespace Stack.Cli;

/// <summary><c>stack soak</c>: many workflows under many faults.</summary>
internal static class SoakCommand
{
    private static readonly TimeSpan DefaultPause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(10);

    public static Command Create(CommandScope scope)
    {
        var workflows = DrillSymbols.Count("--workflows", "How many canary workflows in all", 1_000, least: 1, most: 10_000_000);
        var inFlight = DrillSymbols.Count("--in-flight", "How many are under way at once, at most", 500, least: 1, most: 100_000);
        var every = DrillSymbols.Duration("--every", "The time between two faults, on the average", DefaultPause);
        var limit = DrillSymbols.Duration("--timeout", "How long any one wait may take, that for the last workflows included", DefaultLimit);
        var seed = DrillSymbols.Seed();
        var data = DrillSymbols.DataDirectory();
        return scope.Define(
            "soak",
            "Run many workflows while a random part of the stack is killed or restarted every few seconds, and check that nothing is lost and nothing counts twice",
            [workflows, inFlight, every, seed, limit, data],
            ["stack soak", "stack soak --workflows 10000 --seed 42 --every 3s"],
            async (session, parsed, cancellationToken) =>
            {
                var options = new SoakOptions(
                    parsed.GetValue(workflows), parsed.GetValue(inFlight), parsed.GetValue(seed) ?? DrillSymbols.AnySeed(session), parsed.GetValue(every) ?? DefaultPause, parsed.GetValue(limit) ?? DefaultLimit);
                using var target = await DrillSymbols.OpenAsync(scope, session, parsed, data, cancellationToken);
                return await RunAsync(session, target, options, cancellationToken);
            });
    }

    private static async Task<ExitCode> RunAsync(Session session, DrillTarget target, SoakOptions options, CancellationToken cancellationToken)
    {
        try
        {
            var outcome = await new SoakRun(target, options, session.Output.Note).RunAsync(cancellationToken);
            Write(session.Output, outcome);
            return outcome.Holds ? ExitCode.Completed : ExitCode.Failed;
        }
        catch (Exception failure) when (failure is DrillException or ApiProblemException or ServerUnreachableException)
        {
            session.Output.Note($"Error: {failure.Message}");
            return ExitCode.Failed;
        }
        finally
        {
            await target.Crew.StopAsync(CancellationToken.None);
        }
    }

    private static void Write(Output output, SoakOutcome outcome)
    {
        if (output.IsJson)
        {
            output.Document(outcome);
            return;
        }

        var seconds = outcome.TookMs / 1000.0;
        output.Line(Styles.Plain($"{outcome.Workflows} workflows in {Words.Of(TimeSpan.FromMilliseconds(outcome.TookMs))} ({outcome.Workflows / seconds:0.0}/s), seed {outcome.Seed}."));
        output.Line(Styles.Plain($"{outcome.Faults.Values.Sum()} faults: {string.Join(", ", outcome.Faults.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} {pair.Value}"))}; {outcome.FaultsLeftOut} left out."));
        output.Line(Styles.Plain($"{outcome.Attempts} attempts, {outcome.Executions} finished by agents; {outcome.Refused} submissions refused and {outcome.Unanswered} unanswered, all of which came back."));
        DrillReport.WriteChecks(output, outcome.Checks);
        output.Line(outcome.Holds ? Styles.Apply("green", "Held.") : Styles.Apply("red", "Broken."));
    }
}
