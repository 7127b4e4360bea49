using System.CommandLine;
using System.Globalization;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack cancel</c>, <c>stack pause</c> and <c>stack resume</c>.</summary>
internal static class ControlCommands
{
    public static Command CreateCancel(CommandScope scope) =>
        Create(scope, "cancel", "Cancel a workflow: agents stop within seconds, results so far are kept", ["stack cancel last", "stack cancel 0199c2a4 --reason \"changed my mind\""]);

    public static Command CreatePause(CommandScope scope) =>
        Create(scope, "pause", "Pause a workflow: attempts under way finish, none starts", ["stack pause last"]);

    public static Command CreateResume(CommandScope scope)
    {
        var reference = SharedSymbols.Workflow();
        var iterations = new Option<string?>("--iterations") { Description = "Let the loops of a workflow that hit a limit go on from their last checkpoint, with so many iterations more: 1 to 100", HelpName = "+N" };
        return scope.Define(
            "resume",
            "Resume a workflow that was paused, or let its loops go on with more iterations",
            [reference, iterations],
            ["stack resume last", "stack resume 0199c2a4 --iterations +10"],
            async (session, parsed, cancellationToken) =>
            {
                var more = parsed.GetValue(iterations) is { } text ? Number(text) : (int?)null;
                var id = await WorkflowLookup.FindAsync(session, parsed.GetRequiredValue(reference), cancellationToken);
                Write(session, await session.Api.ResumeAsync(id, more, cancellationToken));
                return ExitCode.Completed;
            });
    }

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

    private static int Number(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= IterationClass.HardCap
            ? number
            : throw new UsageException($"--iterations is '{text}'. Write +1 to +{IterationClass.HardCap}.");

    private static Command Create(CommandScope scope, string action, string description, IReadOnlyList<string> examples)
    {
        var reference = SharedSymbols.Workflow();
        var reason = SharedSymbols.Reason();
        return scope.Define(
            action,
            description,
            [reference, reason],
            examples,
            async (session, parsed, cancellationToken) =>
            {
                var id = await WorkflowLookup.FindAsync(session, parsed.GetRequiredValue(reference), cancellationToken);
                Write(session, await session.Api.ControlAsync(id, action, parsed.GetValue(reason), cancellationToken));
                return ExitCode.Completed;
            });
    }
}
