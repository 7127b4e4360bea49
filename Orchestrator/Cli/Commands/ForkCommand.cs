using System.CommandLine;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack fork</c>: the same up to a stage, and from there on again.</summary>
internal static class ForkCommand
{
    public static Command Create(CommandScope scope)
    {
        var reference = SharedSymbols.Workflow();
        var from = new Option<string>("--from") { Description = "The stage from which on everything is made again; what came before is taken over", HelpName = "STAGE", Required = true };
        var model = new Option<string?>("--model", "-m") { Description = "The model that is asked instead of any other, or an alias [default: what the agents ask for]", HelpName = "MODEL" };
        var name = new Option<string?>("--name", "-n") { Description = "A name for people [default: that of the other workflow]", HelpName = "NAME" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Follow it to its end" };
        var giveUpAfter = SharedSymbols.GiveUpAfter();
        return scope.Define(
            "fork",
            "Make a workflow again from a stage on, as a new workflow",
            [reference, from, model, name, follow, giveUpAfter],
            ["stack fork last --from scaffold --model smart", "stack fork 0199c2a4 --from validation --follow"],
            async (session, parsed, cancellationToken) =>
            {
                var id = await WorkflowLookup.FindAsync(session, parsed.GetRequiredValue(reference), cancellationToken);
                var request = new ForkRequest { FromStage = parsed.GetRequiredValue(from), Model = parsed.GetValue(model), Name = parsed.GetValue(name) };
                var fork = await session.Api.ForkAsync(id, request, cancellationToken);
                if (parsed.GetValue(follow))
                {
                    return await FollowSession.FollowAsync(session, fork.Id, ReconnectPolicy.Of(parsed.GetValue(giveUpAfter)), cancellationToken);
                }

                ControlCommands.Write(session, fork);
                return ExitCode.Completed;
            });
    }
}
