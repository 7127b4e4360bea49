using System.CommandLine;
using System.CommandLine.Invocation;

namespace Stack.Cli;

/// <summary><c>stack version</c>: the versions of both sides.</summary>
internal static class VersionCommand
{
    public static Command Create(CommandScope scope) => scope.Define(
        "version",
        "Print the versions of this command and of the orchestrator",
        [],
        ["stack version"],
        async (session, _, cancellationToken) =>
        {
            var server = session.Api.Server.AbsoluteUri.TrimEnd('/');
            var theirs = await TheirsAsync(session, cancellationToken);
            if (session.Output.IsJson)
            {
                session.Output.Document(new Versions(ProductVersion.OfThisCommand, theirs, server));
            }
            else
            {
                session.Output.Text($"stack {ProductVersion.OfThisCommand}");
                session.Output.Text(theirs is null ? $"orchestrator not reachable at {server}" : $"orchestrator {theirs} at {server}");
            }

            return ExitCode.Completed;
        });

    // That nothing answers is an answer here.
    private static async Task<string?> TheirsAsync(Session session, CancellationToken cancellationToken)
    {
        try
        {
            return await session.Api.GetVersionAsync(cancellationToken);
        }
        catch (ServerUnreachableException)
        {
            return null;
        }
    }

    private sealed record Versions(string Stack, string? Orchestrator, string Server);
}

/// <summary><c>--version</c>: the version of this command, without asking anybody.</summary>
internal sealed class VersionAction(Surroundings surroundings) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        surroundings.Out.WriteLine(ProductVersion.OfThisCommand);
        return (int)ExitCode.Completed;
    }
}
