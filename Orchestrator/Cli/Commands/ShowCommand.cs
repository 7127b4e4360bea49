using System.CommandLine;
using System.Globalization;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack show</c>: everything about one workflow.</summary>
internal static class ShowCommand
{
    public static Command Create(CommandScope scope)
    {
        var reference = SharedSymbols.Workflow();
        return scope.Define(
            "show",
            "Show a workflow: its stages, its error, its results",
            [reference],
            ["stack show last", "stack show 0199c2a4 --json | jq .stage_outputs"],
            async (session, parsed, cancellationToken) =>
            {
                var id = await WorkflowLookup.FindAsync(session, parsed.GetRequiredValue(reference), cancellationToken);
                var workflow = await session.Api.GetWorkflowAsync(id, cancellationToken);
                if (session.Output.IsJson)
                {
                    session.Output.Document(workflow);
                }
                else
                {
                    await WriteAsync(session, workflow, cancellationToken);
                }

                return ExitCode.Completed;
            });
    }

    private static async Task WriteAsync(Session session, WorkflowResource workflow, CancellationToken cancellationToken)
    {
        var output = session.Output;
        output.Line(Styles.Apply("bold", workflow.Name));
        Summary.Field(output, "Id", workflow.Id.ToString());
        Summary.Field(output, "Definition", workflow.Definition);
        Summary.Field(output, "Status", $"{Words.Of(workflow.Status)} ({workflow.State}, {workflow.Progress} %)");
        Summary.Field(output, "Priority", Words.Of(workflow.Priority));
        Summary.Field(output, "Created", workflow.CreatedAt.ToString("u", CultureInfo.InvariantCulture) + (workflow.CreatedBy is null ? "" : $" by {workflow.CreatedBy}"));
        if (workflow.HeadCommit is not null)
        {
            Summary.Field(output, "Commit", workflow.HeadCommit);
        }

        if (workflow.TraceId is not null)
        {
            Summary.Field(output, "Trace", workflow.TraceId);
        }

        if (workflow.ProjectRequirements is not null)
        {
            Summary.Field(output, "Wanted", Words.FirstLine(workflow.ProjectRequirements, 300));
        }

        output.Line("");
        StageTable.Of(workflow, session.Time).Write(output);
        if (Approvals.WaitingStages(workflow).Count > 0)
        {
            Summary.WriteQuestions(session, workflow);
        }
        else
        {
            Summary.Write(session, workflow, await Deployments.OfAsync(session.Api, workflow, cancellationToken));
        }
    }
}
