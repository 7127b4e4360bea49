using System.CommandLine;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack logs</c>: what the agents wrote while they worked.</summary>
internal static class LogsCommand
{
    private const int PageSize = 500;

    public static Command Create(CommandScope scope)
    {
        var reference = SharedSymbols.Workflow();
        var stage = new Option<string?>("--stage", "-s") { Description = "Only this stage", HelpName = "STAGE" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the workflow is over" };
        var giveUpAfter = SharedSymbols.GiveUpAfter();
        return scope.Define(
            "logs",
            "Print what the agents wrote while they worked",
            [reference, stage, follow, giveUpAfter],
            ["stack logs last", "stack logs last --stage validation", "stack logs last --follow"],
            async (session, parsed, cancellationToken) =>
            {
                var id = await WorkflowLookup.FindAsync(session, parsed.GetRequiredValue(reference), cancellationToken);
                var wanted = parsed.GetValue(stage);
                if (parsed.GetValue(follow))
                {
                    await FollowAsync(session, id, wanted, ReconnectPolicy.Of(parsed.GetValue(giveUpAfter)), cancellationToken);
                }
                else if (session.Output.IsJson)
                {
                    await WriteDocumentAsync(session, id, wanted, cancellationToken);
                }
                else
                {
                    using var response = await session.Api.OpenLogsAsync(id, wanted, cancellationToken);
                    await CopyAsync(response, session, cancellationToken);
                }

                return ExitCode.Completed;
            });
    }

    private static async Task FollowAsync(Session session, WorkflowId id, string? stage, ReconnectPolicy policy, CancellationToken cancellationToken)
    {
        var events = new EventStream(session.Api, session.Time, policy, session.Output.Note);
        await foreach (var happened in events.ReadAsync(id, 0, cancellationToken))
        {
            foreach (var line in LinesOf(happened, stage))
            {
                if (session.Output.IsJson)
                {
                    session.Output.Record(line);
                }
                else
                {
                    session.Output.Text($"{line.At:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {line.Stage}#{line.Attempt} {line.Message}");
                }
            }
        }
    }

    private static async Task WriteDocumentAsync(Session session, WorkflowId id, string? stage, CancellationToken cancellationToken)
    {
        var lines = new List<LogLine>();
        var after = 0L;
        EventList page;
        do
        {
            page = await session.Api.ListEventsAsync(id, after, PageSize, cancellationToken);
            lines.AddRange(page.Events.SelectMany(happened => LinesOf(happened, stage)));
            after = page.Events.Count == 0 ? after : page.Events[^1].Id;
        }
        while (page.Events.Count > 0);
        session.Output.Document(new LogDocument(lines));
    }

    private static IEnumerable<LogLine> LinesOf(EventResource happened, string? stage) =>
        happened.Type is "stage.log" && happened.Stage is not null && (stage is null || stage == happened.Stage)
            ? EventLine.LogLines(happened).Select(line => new LogLine(happened.At.ToUniversalTime(), happened.Stage, happened.Attempt ?? 0, line))
            : [];

    private static async Task CopyAsync(HttpResponseMessage response, Session session, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            session.Output.Text(line);
        }
    }

    private sealed record LogLine(DateTimeOffset At, string Stage, int Attempt, string Message);

    private sealed record LogDocument(IReadOnlyList<LogLine> Lines);
}
