using System.CommandLine;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack list</c>: the workflows, newest first.</summary>
internal static class ListCommand
{
    private const int PageSize = 100;

    public static Command Create(CommandScope scope)
    {
        var status = new Option<string?>("--status", "-s") { Description = "Only those that stand so" };
        status.AcceptOnlyFromAmong(Words.AllOf<WorkflowStatus>());
        var type = new Option<string?>("--type", "-t") { Description = "Only this kind of work", HelpName = "TYPE" };
        var priority = new Option<string?>("--priority", "-p") { Description = "Only this priority" };
        priority.AcceptOnlyFromAmong(Words.AllOf<Priority>());
        var definition = new Option<string?>("--definition", "-d") { Description = "Only those of this definition", HelpName = "NAME" };
        var limit = new Option<int>("--limit", "-l") { Description = "How many at most", DefaultValueFactory = _ => 20, HelpName = "COUNT" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[0].Value, out var count) && count is < 1 or > 10_000)
            {
                result.AddError($"--limit {count} is out of range. Write a number from 1 to 10000.");
            }
        });
        var cursor = new Option<string?>("--cursor") { Description = "Go on where an earlier list ended: its next_cursor", HelpName = "CURSOR" };
        return scope.Define(
            "list",
            "List workflows, newest first",
            [status, type, priority, definition, limit, cursor],
            ["stack list", "stack list --status failed --limit 5", "stack list --json | jq '.workflows[].id'"],
            async (session, parsed, cancellationToken) =>
            {
                var filter = new WorkflowFilter(parsed.GetValue(status), parsed.GetValue(type), parsed.GetValue(priority), parsed.GetValue(definition));
                var list = await CollectAsync(session.Api, filter, parsed.GetValue(limit), parsed.GetValue(cursor), cancellationToken);
                Write(session, list);
                return ExitCode.Completed;
            });
    }

    private static async Task<WorkflowList> CollectAsync(ApiClient api, WorkflowFilter filter, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var workflows = new List<WorkflowResource>();
        do
        {
            var page = await api.ListWorkflowsAsync(filter, Math.Min(PageSize, limit - workflows.Count), cursor, cancellationToken);
            workflows.AddRange(page.Workflows);
            cursor = page.NextCursor;
        }
        while (cursor is not null && workflows.Count < limit);
        return new WorkflowList { Workflows = workflows, NextCursor = cursor };
    }

    private static void Write(Session session, WorkflowList list)
    {
        var output = session.Output;
        if (output.IsJson)
        {
            output.Document(list);
            return;
        }

        var table = new ResultTable("ID", "STATUS", "STAGE", "DONE", "PRIORITY", "DEFINITION", "CREATED", "NAME");
        var ids = list.Workflows.Select(workflow => workflow.Id).ToArray();
        foreach (var workflow in list.Workflows)
        {
            table.Add(
                output.IsStyled ? Words.Short(workflow.Id, ids) : workflow.Id.ToString(),
                new Cell(Words.Of(workflow.Status), Styles.Of(workflow.Status)),
                workflow.CurrentStage ?? "",
                $"{workflow.Progress} %",
                Words.Of(workflow.Priority),
                workflow.Definition,
                Words.Ago(workflow.CreatedAt, session.Time),
                Words.FirstLine(workflow.Name, 200));
        }

        table.Write(output);
        if (list.NextCursor is not null)
        {
            output.Note($"There are more. Show more of them with --limit, or go on with --cursor {list.NextCursor}");
        }
    }
}
