using System.CommandLine;

namespace Stack.Cli;

/// <summary><c>stack follow</c>: watches a workflow to its end.</summary>
internal static class FollowCommand
{
    public static Command Create(CommandScope scope)
    {
        var reference = SharedSymbols.Workflow();
        var giveUpAfter = SharedSymbols.GiveUpAfter();
        return scope.Define(
            "follow",
            "Follow a workflow to its end; the exit code says how it ended",
            [reference, giveUpAfter],
            ["stack follow last", "stack follow 0199c2a4 --json | jq -r .type"],
            async (session, parsed, cancellationToken) =>
            {
                var id = await WorkflowLookup.FindAsync(session, parsed.GetRequiredValue(reference), cancellationToken);
                return await FollowSession.FollowAsync(session, id, ReconnectPolicy.Of(parsed.GetValue(giveUpAfter)), cancellationToken);
            });
    }
}
