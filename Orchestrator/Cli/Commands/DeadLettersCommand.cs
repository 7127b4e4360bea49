using System.CommandLine;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack dead-letters</c>: messages that the broker could not get handled.</summary>
internal static class DeadLettersCommand
{
    private const int MostAtOnce = 500;

    public static Command Create(CommandScope scope) => new DocumentedCommand("dead-letters", "Look at messages that could not be handled, try them again, throw them away", [])
    {
        CreateList(scope),
        CreateShow(scope),
        CreateControl(scope, "replay", "replayed", "Try a message again; a task is tried as a new attempt at its stage"),
        CreateControl(scope, "discard", "discarded", "Throw a message away"),
    };

    private static Command CreateList(CommandScope scope)
    {
        var limit = new Option<int>("--limit") { Description = "At most this many", DefaultValueFactory = _ => 50 };
        return scope.Define(
            "list",
            "List dead letters, oldest first",
            [limit],
            ["stack dead-letters list", "stack dead-letters list --json | jq -r '.dead_letters[].task_id'"],
            async (session, parsed, cancellationToken) =>
            {
                var list = await session.Api.ListDeadLettersAsync(parsed.GetValue(limit), cancellationToken);
                if (session.Output.IsJson)
                {
                    session.Output.Document(list);
                }
                else
                {
                    Write(session, list);
                }

                return ExitCode.Completed;
            });
    }

    private static void Write(Session session, DeadLetterList list)
    {
        var table = new ResultTable("ID", "KIND", "REASON", "QUEUE", "DIED", "TASK");
        foreach (var letter in list.DeadLetters)
        {
            table.Add(letter.Id, letter.Kind ?? "", letter.Reason ?? "", letter.Queue ?? "", letter.DiedAt is { } at ? Words.Ago(at, session.Time) : "", letter.TaskId?.ToString() ?? "");
        }

        table.Write(session.Output);
    }

    private static Command CreateShow(CommandScope scope)
    {
        var id = IdArgument();
        return scope.Define(
            "show",
            "Show a dead letter with the beginning of its body",
            [id],
            ["stack dead-letters show 3f8a90c112b4d5e6"],
            async (session, parsed, cancellationToken) =>
            {
                session.Output.Document(await session.Api.GetDeadLetterAsync(parsed.GetRequiredValue(id), cancellationToken));
                return ExitCode.Completed;
            });
    }

    private static Command CreateControl(CommandScope scope, string action, string done, string description)
    {
        var id = IdArgument();
        id.Arity = ArgumentArity.ZeroOrOne;
        var all = new Option<bool>("--all") { Description = $"All that are there now, up to {MostAtOnce}" };
        return scope.Define(
            action,
            description,
            [id, all],
            [$"stack dead-letters {action} 3f8a90c112b4d5e6", $"stack dead-letters {action} --all"],
            async (session, parsed, cancellationToken) =>
            {
                var given = parsed.GetValue(id);
                if (given is null != parsed.GetValue(all))
                {
                    throw new UsageException($"Write either the id of a letter or --all: stack dead-letters {action} ID");
                }

                List<string> ids = given is not null ? [given] : [.. (await session.Api.ListDeadLettersAsync(MostAtOnce, cancellationToken)).DeadLetters.Select(letter => letter.Id)];
                return await ControlAsync(session, ids, action, done, cancellationToken);
            });
    }

    private static async Task<ExitCode> ControlAsync(Session session, List<string> ids, string action, string done, CancellationToken cancellationToken)
    {
        var code = ExitCode.Completed;
        foreach (var id in ids)
        {
            try
            {
                var letter = await session.Api.ControlDeadLetterAsync(id, action, cancellationToken);
                if (session.Output.IsJson)
                {
                    session.Output.Record(letter);
                }
                else
                {
                    session.Output.Line($"{Styles.Plain(id)} was {done}{Styles.Plain(letter.TaskId is { } task ? $" ({task})" : "")}");
                }
            }
            catch (ApiProblemException refused) when (ids.Count > 1 && !refused.IsTransient)
            {
                // One that cannot be replayed does not keep the others from it.
                session.Output.Note($"{id}: {refused.Message}");
                code = ExitCode.Failed;
            }
        }

        return code;
    }

    private static Argument<string> IdArgument() => new("id") { Description = "The letter's id, as 'stack dead-letters list' shows it" };
}
