using System.CommandLine;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack approve</c> and <c>stack reject</c>.</summary>
internal static class DecisionCommands
{
    public static Command CreateApprove(CommandScope scope) =>
        Create(scope, "approve", "Say yes to a stage that waits for a person", ["stack approve last", "stack approve 0199c2a4 deployment --comment \"go\""]);

    public static Command CreateReject(CommandScope scope) =>
        Create(scope, "reject", "Say no to a stage that waits for a person", ["stack reject last --comment \"not on a Friday\""]);

    private static Command Create(CommandScope scope, string decision, string description, IReadOnlyList<string> examples)
    {
        var reference = SharedSymbols.Workflow();
        var stage = new Argument<string?>("stage") { Description = "The stage; not needed when only one waits", Arity = ArgumentArity.ZeroOrOne };
        var comment = new Option<string?>("--comment", "-c") { Description = "What the agents and the record shall know", HelpName = "TEXT" };
        return scope.Define(
            decision,
            description,
            [reference, stage, comment],
            examples,
            async (session, parsed, cancellationToken) =>
            {
                var id = await WorkflowLookup.FindAsync(session, parsed.GetRequiredValue(reference), cancellationToken);
                var seen = await session.Api.GetWorkflowAsync(id, cancellationToken);
                var request = new DecisionRequest { Comment = parsed.GetValue(comment), Version = seen.Version };
                ControlCommands.Write(session, await session.Api.DecideAsync(id, Approvals.StageOf(seen, parsed.GetValue(stage)), decision, request, cancellationToken));
                return ExitCode.Completed;
            });
    }
}
