using System.CommandLine;
using System.Globalization;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack evidence</c>: what the orchestrator found when it checked what agents claimed.</summary>
internal static class EvidenceCommand
{
    public static Command Create(CommandScope scope)
    {
        var reference = SharedSymbols.Workflow();
        var stage = new Option<string?>("--stage") { Description = "Only the claims of this stage", HelpName = "STAGE" };
        return scope.Define(
            "evidence",
            "Show what the checks of a workflow's stages found",
            [reference, stage],
            ["stack evidence last", "stack evidence 0199c2a4 --stage scaffolding", "stack evidence last --json | jq '.verifications[].record.checks[] | select(.passed | not)'"],
            async (session, parsed, cancellationToken) =>
            {
                var id = await WorkflowLookup.FindAsync(session, parsed.GetRequiredValue(reference), cancellationToken);
                var evidence = await session.Api.GetEvidenceAsync(id, cancellationToken);
                if (parsed.GetValue(stage) is { } only)
                {
                    evidence = evidence with { Verifications = [.. evidence.Verifications.Where(piece => piece.Record.Stage == only)] };
                }

                if (session.Output.IsJson)
                {
                    session.Output.Document(evidence);
                }
                else
                {
                    Write(session.Output, evidence);
                }

                return evidence.Intact ? ExitCode.Completed : ExitCode.Failed;
            });
    }

    private static void Write(Output output, EvidenceList evidence)
    {
        if (evidence.Verifications.Count == 0)
        {
            output.Line("Nothing was checked. Stages are checked when their definition has 'accept'.");
        }

        foreach (var piece in evidence.Verifications)
        {
            Write(output, piece);
        }

        if (!evidence.Intact)
        {
            output.Line(Styles.Apply("red", "The evidence is not as it was written: a record was changed or taken away."));
        }
    }

    private static void Write(Output output, EvidenceResource piece)
    {
        var record = piece.Record;
        var verdict = record.Verified ? Styles.Apply("green", "verified") : Styles.Apply("red", "not verified");
        output.Line($"{Styles.Apply("bold", $"{record.Stage}#{record.Attempt}")} {verdict}{(piece.Intact ? "" : Styles.Apply("red", " (changed since it was written)"))}");
        Summary.Field(output, "Checked", $"{record.FinishedAt.ToString("u", CultureInfo.InvariantCulture)} by {record.VerifiedBy}, took {Words.Of(record.FinishedAt - record.StartedAt)}");
        Summary.Field(output, "Claimed", $"by {record.ClaimedBy?.Value ?? "nobody"}{(record.Commit is null ? "" : $", commit {record.Commit}")}");
        Summary.Field(output, "Evidence", piece.Sha256);
        var table = new ResultTable("CHECK", "TYPE", "RESULT", "EXPECTED", "FOUND", "TOOK");
        foreach (var check in record.Checks)
        {
            table.Add(
                Words.FirstLine(check.Name, 60),
                check.Strength is CheckStrength.Opinion ? $"{check.Type} (opinion)" : check.Type,
                new Cell(check.Passed ? "passed" : "failed", check.Passed ? "green" : "red"),
                Words.FirstLine(check.Expected, 100),
                Words.FirstLine(check.Actual, 200),
                Words.Of(TimeSpan.FromMilliseconds(check.DurationMs)));
        }

        table.Write(output);
        foreach (var failed in record.Checks.Where(check => check is { Passed: false, OutputTail: not null }))
        {
            output.Line(Styles.Apply("grey", $"{failed.Name}: the end of its output"));
            output.Line(Styles.Plain(failed.OutputTail!.TrimEnd()));
        }

        output.Line("");
    }
}
