using System.CommandLine;
using System.Globalization;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack prune</c>: removes workflows that ended long ago. Shows only which, until it is told <c>--yes</c>.</summary>
internal static class PruneCommand
{
    private const int Piece = 100;
    private const int ShownToPeople = 20;
    private const int ShownToPrograms = 500;

    /// <summary>How long an interrupted command waits for the answer of the piece that is under way. Shorter than the time after which the process is ended.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1.5);

    private static readonly string[] TimeFormats = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    public static Command Create(CommandScope scope)
    {
        var olderThan = SharedSymbols.Duration("--older-than", "Those that ended longer ago than this, for example 30d or 12h [default: the orchestrator's Engine:RetentionPeriod]", "30d or 12h");
        var before = new Option<string?>("--before") { Description = "Those that ended before this time, for example 2026-01-31 or 2026-01-31T12:00:00Z", HelpName = "TIME" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Remove them; without it they are only shown" };
        return scope.Define(
            "prune",
            "Show which workflows ended long ago, and with --yes remove them with their history and files, for good",
            [olderThan, before, yes],
            ["stack prune", "stack prune --older-than 30d", "stack prune --before 2026-01-31 --yes"],
            async (session, parsed, cancellationToken) =>
            {
                var age = Age.Of(parsed.GetValue(olderThan), parsed.GetValue(before), session.Time);
                var isJson = session.Output.IsJson;
                if (!parsed.GetValue(yes))
                {
                    Write(session, Known(await session.Api.GetRetentionAsync(age.Before, isJson ? ShownToPrograms : ShownToPeople, cancellationToken)), age.Option);
                    return ExitCode.Completed;
                }

                return await RemoveAsync(session, age.Before ?? Known(await session.Api.GetRetentionAsync(null, 1, cancellationToken)).EndedBefore!.Value, cancellationToken);
            });
    }

    private static RetentionResource Known(RetentionResource retention) => retention.EndedBefore is not null
        ? retention
        : throw new UsageException("This orchestrator keeps workflows for ever (Engine:RetentionPeriod is zero). Say which may go, with --older-than 30d or --before 2026-01-31");

    private static void Write(Session session, RetentionResource retention, string option)
    {
        var output = session.Output;
        if (output.IsJson)
        {
            output.Document(retention);
            return;
        }

        var time = Words.Exactly(retention.EndedBefore!.Value);
        if (retention.Count == 0)
        {
            output.Text($"No workflow ended before {time}.");
            return;
        }

        var table = new ResultTable("ID", "STATUS", "ENDED", "NAME");
        foreach (var workflow in retention.Workflows)
        {
            table.Add(workflow.Id.ToString(), new Cell(Words.Of(workflow.Status), Styles.Of(workflow.Status)), Words.Ago(workflow.EndedAt, session.Time), Words.FirstLine(workflow.Name, 200));
        }

        table.Write(output);
        var more = retention.Count - retention.Workflows.Count;
        output.Note($"{(more > 0 ? $"and {more} more. " : "")}{(retention.More ? "More than " : "")}{Number(retention.Count)} ended before {time}. Nothing was removed.");
        output.Note($"Remove them with their history and files, for good: {session.Propose($"prune{option} --yes")}");
    }

    private static async Task<ExitCode> RemoveAsync(Session session, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var (removed, isDone, isUnsure) = (0, false, false);
        try
        {
            while (!isDone && !isUnsure && !cancellationToken.IsCancellationRequested)
            {
                var piece = await RemovePieceAsync(session, before, cancellationToken);
                removed += piece?.Count ?? 0;
                isUnsure = piece is null;
                isDone = piece is { More: false } or { Count: 0 };
                if (!isDone && !isUnsure)
                {
                    session.Output.Note($"{removed} removed, there are more.");
                }
            }
        }
        catch (Exception failure) when (failure is ApiProblemException or ServerUnreachableException)
        {
            session.Output.Note($"{Number(removed)} removed before this happened. The same command goes on:");
            throw;
        }

        Write(session, new PruneOutcome(before, removed, isDone), isUnsure);
        return isDone ? ExitCode.Completed : ExitCode.Interrupted;
    }

    /// <summary>Removes a piece. The orchestrator finishes what it began, so an interrupt waits for its answer, for a moment. Null: it did not come.</summary>
    private static async Task<PruneResource?> RemovePieceAsync(Session session, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var piece = session.Api.PruneAsync(new PruneRequest { EndedBefore = before, Limit = Piece }, CancellationToken.None);
        try
        {
            return await piece.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return await Task.WhenAny(piece, Task.Delay(Grace, session.Time, CancellationToken.None)) == piece ? await piece : null;
        }
    }

    private static void Write(Session session, PruneOutcome outcome, bool isUnsure)
    {
        if (session.Output.IsJson)
        {
            session.Output.Document(outcome);
        }
        else
        {
            session.Output.Text(outcome.Removed == 0 && outcome.Done
                ? $"No workflow ended before {Words.Exactly(outcome.EndedBefore)}."
                : $"{Number(outcome.Removed)} that ended before {Words.Exactly(outcome.EndedBefore)} {(outcome.Removed == 1 ? "was" : "were")} removed.");
        }

        if (!outcome.Done)
        {
            session.Output.Note($"Interrupted. {(isUnsure ? $"Up to {Piece} more may go yet. " : "")}The same command goes on.");
        }
    }

    private static string Number(int count) => count == 1 ? "1 workflow" : $"{count} workflows";

    /// <summary>Which workflows are meant.</summary>
    /// <param name="Before">Those that ended before this. Null: those that are past the period that is set.</param>
    /// <param name="Option">How the person said so.</param>
    private sealed record Age(DateTimeOffset? Before, string Option)
    {
        public static Age Of(TimeSpan? olderThan, string? before, TimeProvider time) => (olderThan, before) switch
        {
            (not null, not null) => throw new UsageException("Write either --older-than or --before: both say which workflows may go."),
            ({ } age, _) => new Age(time.GetUtcNow() - age, $" --older-than {DurationText.Format(age)}"),
            (_, { } text) => new Age(
                DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at)
                    ? at
                    : throw new UsageException($"--before '{text}' is not a time. Write for example 2026-01-31 or 2026-01-31T12:00:00Z."),
                $" --before {text}"),
            _ => new Age(null, ""),
        };
    }

    /// <summary>What came of it.</summary>
    /// <param name="EndedBefore">Those that ended before this were meant.</param>
    /// <param name="Removed">How many were removed.</param>
    /// <param name="Done">Whether none is left.</param>
    private sealed record PruneOutcome(DateTimeOffset EndedBefore, int Removed, bool Done);
}
