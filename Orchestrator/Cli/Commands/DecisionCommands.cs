using System.CommandLine;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack approve</c> and <c>stack reject</c>.</summary>
internal static class DecisionCommands
{
    public static Command CreateApprove(CommandScope scope)
    {
        var amend = new Option<string?>("--amend") { Description = "Approve the effect in this file instead (JSON; '-' is the standard input)", HelpName = "FILE" };
        return Create(scope, "approve", "Say yes to a question that waits for a person", amend, ["stack approve 3f2a91c0", "stack approve last", "stack approve 0199c2a4 deployment --comment \"go\"", "stack approve 3f2a91c0 --amend effect.json"]);
    }

    public static Command CreateReject(CommandScope scope) =>
        Create(scope, "reject", "Say no to a question that waits for a person", amend: null, ["stack reject 3f2a91c0", "stack reject last --comment \"not on a Friday\""]);

    private static Command Create(CommandScope scope, string decision, string description, Option<string?>? amend, IReadOnlyList<string> examples)
    {
        var reference = new Argument<string>("id") { Description = "The question, or the workflow that asks: an id, a unique beginning of it, or 'last' ('@') for the newest workflow", HelpName = "id" };
        var stage = new Argument<string?>("stage") { Description = "The stage of the workflow; not needed when only one waits", Arity = ArgumentArity.ZeroOrOne };
        var comment = new Option<string?>("--comment", "-c") { Description = "What the agents and the record shall know", HelpName = "TEXT" };
        return scope.Define(
            decision,
            description,
            amend is null ? [reference, stage, comment] : [reference, stage, comment, amend],
            examples,
            async (session, parsed, cancellationToken) =>
            {
                var (meant, amended) = (parsed.GetRequiredValue(reference), amend is null ? null : await EffectAsync(session, parsed.GetValue(amend), cancellationToken));
                if (parsed.GetValue(stage) is null && await Approvals.FindAsync(session, meant, cancellationToken) is { } approval)
                {
                    ApprovalText.WriteOutcome(session, await Approvals.DecideAsync(session, approval, decision, parsed.GetValue(comment), amended, cancellationToken));
                    return ExitCode.Completed;
                }

                var id = await WorkflowLookup.FindAsync(session, meant, cancellationToken);
                var seen = await session.Api.GetWorkflowAsync(id, cancellationToken);
                var named = Approvals.StageOf(seen, parsed.GetValue(stage));
                if (amended is not null)
                {
                    var asked = seen.Stages?.FirstOrDefault(candidate => candidate.Name == named)?.ApprovalId ?? throw new UsageException($"Stage '{named}' asks nothing that could be amended.");
                    ApprovalText.WriteOutcome(session, await Approvals.DecideAsync(session, await session.Api.GetApprovalAsync(asked, cancellationToken), decision, parsed.GetValue(comment), amended, cancellationToken));
                    return ExitCode.Completed;
                }

                var request = new DecisionRequest { Comment = parsed.GetValue(comment), Version = seen.Version };
                ControlCommands.Write(session, await session.Api.DecideAsync(id, named, decision, request, cancellationToken));
                return ExitCode.Completed;
            });
    }

    private static async Task<JsonPayload?> EffectAsync(Session session, string? file, CancellationToken cancellationToken)
    {
        if (file is null)
        {
            return null;
        }

        try
        {
            return JsonPayload.Parse(await InputText.ReadAsync(session.Surroundings, file, cancellationToken));
        }
        catch (JsonException malformed)
        {
            throw new UsageException($"The file '{file}' is not JSON: {malformed.Message} 'stack approvals ID --json | jq .effect' shows the effect to begin with.");
        }
    }
}
