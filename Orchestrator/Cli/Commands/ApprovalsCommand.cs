using System.CommandLine;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack approvals</c>: the inbox of questions to people.</summary>
internal static class ApprovalsCommand
{
    private const int PageSize = 200;

    public static Command Create(CommandScope scope)
    {
        var id = new Argument<string?>("id") { Description = "Show this question with its exact effect: its id or a unique beginning", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all", "-a") { Description = "Also questions that are decided" };
        var workflow = new Option<string?>("--workflow") { Description = "Only of this workflow", HelpName = "ID" };
        var link = new Option<bool>("--link") { Description = "Make a link that decides the question once, without a key" };
        var expires = new Option<string?>("--expires-after") { Description = "How long the link works [default: 1d]", HelpName = "DURATION" };
        return scope.Define(
            "approvals",
            "List the questions that wait for a person, or show one",
            [id, all, workflow, link, expires],
            ["stack approvals", "stack approvals 3f2a91c0", "stack approvals 3f2a91c0 --link --expires-after 4h", "stack approvals --all --json"],
            async (session, parsed, cancellationToken) =>
            {
                if (parsed.GetValue(id) is not { } reference)
                {
                    return await ListAsync(session, parsed.GetValue(all), parsed.GetValue(workflow), cancellationToken);
                }

                var approval = await Approvals.FindAsync(session, reference, cancellationToken) ?? throw Unknown(reference);
                return parsed.GetValue(link) ? await LinkAsync(session, approval, parsed.GetValue(expires), cancellationToken) : Show(session, approval);
            });
    }

    /// <summary>The refusal of an id that is none's.</summary>
    public static UsageException Unknown(string reference) => new($"There is no open question '{reference}'. 'stack approvals' lists those that there are; write the whole id of one that is decided.");

    private static async Task<ExitCode> ListAsync(Session session, bool all, string? workflow, CancellationToken cancellationToken)
    {
        var id = workflow is null ? default(WorkflowId?) : await WorkflowLookup.FindAsync(session, workflow, cancellationToken);
        var list = await session.Api.ListApprovalsAsync(all ? "all" : null, id, PageSize, cursor: null, cancellationToken);
        if (session.Output.IsJson)
        {
            session.Output.Document(list);
            return ExitCode.Completed;
        }

        if (list.Approvals.Count == 0)
        {
            session.Output.Line("Nothing waits for a person.");
            return ExitCode.Completed;
        }

        var table = new ResultTable("ID", "STATUS", "KIND", "STAGE", "WORKFLOW", "QUESTION");
        foreach (var approval in list.Approvals)
        {
            table.Add(ApprovalText.Short(approval.Id), Words.Of(approval.Status), approval.Kind, approval.Stage, Words.FirstLine(approval.WorkflowName, 30), Words.FirstLine(approval.Prompt, 200));
        }

        table.Write(session.Output);
        if (list.NextCursor is not null)
        {
            session.Output.Note($"These are the newest {PageSize}.");
        }

        return ExitCode.Completed;
    }

    private static ExitCode Show(Session session, ApprovalResource approval)
    {
        if (session.Output.IsJson)
        {
            session.Output.Document(approval);
        }
        else
        {
            ApprovalText.Write(session, approval);
        }

        return ExitCode.Completed;
    }

    private static async Task<ExitCode> LinkAsync(Session session, ApprovalResource approval, string? expires, CancellationToken cancellationToken)
    {
        TimeSpan? lasts = null;
        if (expires is not null)
        {
            lasts = DurationText.TryParse(expires, out var duration) ? duration : throw new UsageException($"'{expires}' is not a duration. Write for example 4h or 1d.");
        }

        var link = await session.Api.MakeLinkAsync(approval.Id, new ApprovalLinkRequest { ExpiresAfter = lasts }, cancellationToken);
        if (session.Output.IsJson)
        {
            session.Output.Document(link);
        }
        else
        {
            session.Output.Text(link.Url.AbsoluteUri);
            session.Output.Note($"Whoever has this link may decide once, until {link.ExpiresAt.UtcDateTime:u}. It is not shown again.");
        }

        return ExitCode.Completed;
    }
}
