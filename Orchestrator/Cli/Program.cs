using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Stack.Cli;

/// <summary>The <c>stack</c> command: its table of contents.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args) => RunAsync(args, Surroundings.OfThisProcess(), CancellationToken.None);

    /// <summary>Parses and runs one command line.</summary>
    /// <param name="args">The arguments, without the program's name.</param>
    /// <param name="surroundings">What the command sees of the machine.</param>
    /// <param name="cancellationToken">Interrupts the command, as Ctrl+C does.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    internal static async Task<int> RunAsync(string[] args, Surroundings surroundings, CancellationToken cancellationToken)
    {
        // '@' is an id here (the newest workflow), not the beginning of a response file.
        var parsed = CreateRoot(surroundings).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var refused = parsed.Action as ParseErrorAction;
        refused?.ShowHelp = parsed.CommandResult.Command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count == 0;
        var code = await parsed.InvokeAsync(new InvocationConfiguration { Output = refused is null ? surroundings.Out : surroundings.Error, Error = surroundings.Error }, cancellationToken);
        return refused is null ? code : (int)ExitCode.Usage;
    }

    private static RootCommand CreateRoot(Surroundings surroundings)
    {
        var scope = new CommandScope(surroundings, new GlobalOptions());
        var root = new RootCommand("Runs AI agents as durable workflows on infrastructure that you own.")
        {
            RunCommand.Create(scope),
            ListCommand.Create(scope),
            ShowCommand.Create(scope),
            FollowCommand.Create(scope),
            LogsCommand.Create(scope),
            ControlCommands.CreateCancel(scope),
            ControlCommands.CreatePause(scope),
            ControlCommands.CreateResume(scope),
            RetryCommand.Create(scope),
            ForkCommand.Create(scope),
            ReplayCommand.Create(scope),
            RecordCommand.Create(scope),
            ApprovalsCommand.Create(scope),
            DecisionCommands.CreateApprove(scope),
            DecisionCommands.CreateReject(scope),
            FilesCommand.Create(scope),
            EvidenceCommand.Create(scope),
            AgentsCommand.Create(scope),
            DefinitionsCommand.Create(scope),
            DeploymentsCommand.Create(scope),
            DeadLettersCommand.Create(scope),
            PruneCommand.Create(scope),
            DrillCommand.Create(scope),
            OpenCommand.Create(scope),
            PlanCommand.Create(scope),
            SoakCommand.Create(scope),
            ModelsCommand.Create(scope),
            UsageCommand.Create(scope),
            VersionCommand.Create(scope),
            CompletionCommand.Create(scope),
        };
        scope.Globals.AddTo(root);
        root.Options.OfType<HelpOption>().Single().Action = new ExampleHelpAction();
        root.Options.OfType<VersionOption>().Single().Action = new VersionAction(surroundings);
        return root;
    }
}
