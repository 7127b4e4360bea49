using System.CommandLine;

namespace Stack.Cli;

/// <summary><c>stack retry</c>: tries again what did not complete.</summary>
internal static class RetryCommand
{
    public static Command Create(CommandScope scope)
    {
        var reference = SharedSymbols.Workflow();
        var from = new Option<string?>("--from") { Description = "The stage to begin with; all that depend on it run again too [default: those that did not complete]", HelpName = "STAGE" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Follow it to its end" };
        var giveUpAfter = SharedSymbols.GiveUpAfter();
        return scope.Define(
            "retry",
            "Try a workflow again that failed, hit a limit or was canceled",
            [reference, from, follow, giveUpAfter],
            ["stack retry last", "stack retry last --from validation --follow"],
            async (session, parsed, cancellationToken) =>
            {
                var id = await WorkflowLookup.FindAsync(session, parsed.GetRequiredValue(reference), cancellationToken);
                var workflow = await session.Api.RetryAsync(id, parsed.GetValue(from), cancellationToken);
                if (parsed.GetValue(follow))
                {
                    return await FollowSession.FollowAsync(session, id, ReconnectPolicy.Of(parsed.GetValue(giveUpAfter)), cancellationToken);
                }

                ControlCommands.Write(session, workflow);
                return ExitCode.Completed;
            });
    }
}
