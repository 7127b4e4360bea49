using System.CommandLine;
using System.CommandLine.Parsing;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack run</c>: submits a workflow and follows it.</summary>
internal static class RunCommand
{
    public static Command Create(CommandScope scope)
    {
        var requirements = new Argument<string?>("requirements") { Description = "What is wanted, in your words", Arity = ArgumentArity.ZeroOrOne };
        requirements.Validators.Add(RefuseMisspeltOptions);
        var file = new Option<string?>("--file", "-f") { Description = "Read what is wanted from a file; '-' is the standard input", HelpName = "FILE" };
        var name = new Option<string?>("--name", "-n") { Description = "A name for people [default: made from the requirements]", HelpName = "NAME" };
        var definition = new Option<string?>("--definition", "-d") { Description = "The workflow definition, for example app, feature or bugfix [default: app]", HelpName = "NAME" };
        var priority = new Option<string?>("--priority", "-p") { Description = "Who goes first when agents are scarce" };
        priority.AcceptOnlyFromAmong(Words.AllOf<Priority>());
        var noFollow = new Option<bool>("--no-follow") { Description = "Only submit; do not wait" };
        var key = new Option<string?>("--idempotency-key") { Description = "Submit at most once under this key, however often the command is repeated", HelpName = "KEY" };
        var giveUpAfter = SharedSymbols.GiveUpAfter();
        return scope.Define(
            "run",
            "Submit a piece of work and follow it to its end",
            [requirements, file, name, definition, priority, noFollow, key, giveUpAfter],
            [
                "stack run \"A calculator web API with add, subtract, multiply and divide\"",
                "stack run --file wishes.md --name shop --priority high",
                "stack run \"Fix the rounding\" --definition bugfix --no-follow --json",
            ],
            async (session, parsed, cancellationToken) =>
            {
                var request = new SubmitWorkflowRequest
                {
                    ProjectRequirements = await WishesAsync(session, parsed.GetValue(requirements), parsed.GetValue(file), cancellationToken),
                    Name = parsed.GetValue(name),
                    Definition = parsed.GetValue(definition),
                    Priority = parsed.GetValue(priority) is { } text ? Enum.Parse<Priority>(text, ignoreCase: true) : null,
                };
                var policy = ReconnectPolicy.Of(parsed.GetValue(giveUpAfter));
                return await RunAsync(session, request, parsed.GetValue(key), !parsed.GetValue(noFollow), policy, cancellationToken);
            });
    }

    private static async Task<ExitCode> RunAsync(Session session, SubmitWorkflowRequest request, string? key, bool follows, ReconnectPolicy policy, CancellationToken cancellationToken)
    {
        var (workflow, isReplayed) = await session.Api.SubmitAsync(request, key, cancellationToken);
        if (isReplayed)
        {
            session.Output.Note($"The key '{key}' was used before: this is the workflow that it started then.");
        }

        if (follows)
        {
            return await FollowSession.FollowAsync(session, workflow.Id, policy, cancellationToken);
        }

        if (session.Output.IsJson)
        {
            session.Output.Document(workflow);
        }
        else
        {
            session.Output.Line(Styles.Plain($"Workflow {workflow.Id} {workflow.Name} ({workflow.Definition})"));
            Summary.Field(session.Output, "Follow", session.Propose($"follow {Words.Short(workflow.Id)}"));
        }

        return ExitCode.Completed;
    }

    private static async Task<string> WishesAsync(Session session, string? text, string? file, CancellationToken cancellationToken) => (text, file) switch
    {
        (not null, null) => text,
        (null, not null) => await InputText.ReadAsync(session.Surroundings, file, cancellationToken),
        (null, null) => throw new UsageException("What is wanted? Write it as text, stack run \"A calculator web API\", or name a file with --file."),
        _ => throw new UsageException("The requirements are given twice, as text and with --file. Give one of the two."),
    };

    private static void RefuseMisspeltOptions(ArgumentResult result)
    {
        if (result.Tokens is [{ Value: var text }] && text.StartsWith('-') && !text.Any(char.IsWhiteSpace))
        {
            result.AddError($"There is no option '{text}'. 'stack run --help' shows those that there are.");
        }
    }
}
