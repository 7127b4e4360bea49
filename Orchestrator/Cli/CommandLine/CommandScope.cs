using System.CommandLine;

namespace Stack.Cli;

/// <summary>What a command does in a session.</summary>
internal delegate Task<ExitCode> CommandHandler(Session session, ParseResult parsed, CancellationToken cancellationToken);

/// <summary>Makes commands that share the global options and end with an <see cref="ExitCode"/> whatever happens to them.</summary>
internal sealed class CommandScope(Surroundings surroundings, GlobalOptions globals)
{
    public Surroundings Surroundings => surroundings;

    public GlobalOptions Globals => globals;

    /// <summary>Makes a command.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it does.</param>
    /// <param name="symbols">Its arguments and options.</param>
    /// <param name="examples">Command lines for its help.</param>
    /// <param name="handler">What it does.</param>
    public Command Define(string name, string description, IReadOnlyList<Symbol> symbols, IReadOnlyList<string> examples, CommandHandler handler)
    {
        var command = new DocumentedCommand(name, description, examples);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Arguments.Add(argument);
            }
            else
            {
                command.Options.Add((Option)symbol);
            }
        }

        command.SetAction(async (parsed, cancellationToken) => (int)await InvokeAsync(handler, parsed, cancellationToken));
        return command;
    }

    private async Task<ExitCode> InvokeAsync(CommandHandler handler, ParseResult parsed, CancellationToken cancellationToken)
    {
        var problems = new ProblemText(globals.OutputOf(parsed, surroundings));
        try
        {
            using var session = globals.Open(parsed, surroundings);
            return await handler(session, parsed, cancellationToken);
        }
        catch (UsageException refusal)
        {
            problems.Write(ProblemText.Usage(refusal.Message));
            return ExitCode.Usage;
        }
        catch (ApiProblemException refusal)
        {
            problems.Write(refusal.Problem);
            return ExitCodes.Of(refusal.Problem);
        }
        catch (ServerUnreachableException unreachable)
        {
            problems.Write(ProblemText.Unreachable(unreachable));
            return ExitCode.Unavailable;
        }
        catch (HostUnreachableException unreachable)
        {
            problems.Write(ProblemText.Unreachable(unreachable));
            return ExitCode.Unavailable;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            surroundings.Error.WriteLine("Interrupted.");
            return ExitCode.Interrupted;
        }
    }
}
