using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Stack.Cli;

/// <summary>Shows the usual help, then examples; for the whole command also the exit codes.</summary>
internal sealed class ExampleHelpAction : SynchronousCommandLineAction
{
    private const string Start = """
        Start here:
          dotnet run --project AppHost        starts the orchestrator and its agents
          stack run "A calculator web API"    describes a piece of work and watches it being done

        Ids can be shortened to a unique beginning; 'last' or '@' is the newest workflow.

        Exit codes:
          0 completed   1 failed or canceled   2 exhausted (a limit was hit)   3 waiting for a person
          64 wrong usage   69 orchestrator not reachable   130 interrupted

        """;

    private readonly HelpAction _usual = new();

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        _usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        switch (parseResult.CommandResult.Command)
        {
            case RootCommand:
                output.WriteLine(Start);
                break;
            case DocumentedCommand { Examples.Count: > 0 } command:
                output.WriteLine("Examples:");
                foreach (var example in command.Examples)
                {
                    output.WriteLine($"  {example}");
                }

                output.WriteLine();
                break;
        }

        return (int)ExitCode.Completed;
    }
}
