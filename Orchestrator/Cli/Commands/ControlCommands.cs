using System.CommandLine;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack cancel</c>, <c>stack pause</c> and <c>stack resume</c>.</summary>
internal static class ControlCommands
{
    public static Command CreateCancel(CommandScope scope) =>
        Create(scope, "cancel", "Cancel a workflow: agents stop within seconds, results so far are kept", ["stack cancel last", "stack cancel 0199c2a4 --reason \"changed my mind\""]);

    public static Command CreatePause(CommandScope scope) =>
        Create(scope, "pause", "Pause a workflow: attempts under way finish, none starts", ["stack pause last"]);

    public static Command CreateResume(CommandScope scope) =>
        Create(scope, "resume", "Resume a workflow that was paused", ["stack resume last"]);

    /// <summary>Says where a workflow stands after something was done to it.</summary>
    public static void Write(Session session, WorkflowResource workflow)
    {
        if (session.Output.IsJson)
        {
            session.Output.Document(workflow);
            return;
        }

        session.Output.Line($"{Styles.Plain(workflow.Name)} is {Styles.Apply(Styles.Of(workflow.Status), Words.Of(workflow.Status))} {Styles.Apply("grey", workflow.Id.ToString())}");
        if (!WorkflowFollower.IsTerminal(workflow.Status))
        {
            Summary.Field(session.Output, "Follow", session.Propose($"follow {Words.Short(workflow.Id)}"));
        }
    }

    private static Command Create(CommandScope scope, string action, string description, IReadOnlyList<string> examples)
    {
        var reference = SharedSymbols.Workflow();
        var reason = SharedSymbols.Reason();
        return scope.Define(
            action,
            description,
            action == "resume" ? [reference] : [reference, reason],
            examples,
            async (session, parsed, cancellationToken) =>
            {
                var id = await WorkflowLookup.FindAsync(session, parsed.GetRequiredValue(reference), cancellationToken);
                Write(session, await session.Api.ControlAsync(id, action, action == "resume" ? null : parsed.GetValue(reason), cancellationToken));
                return ExitCode.Completed;
            });
    }
}
