using System.CommandLine;

namespace Stack.Cli;

/// <summary><c>stack open</c>: shows in a browser what a workflow made.</summary>
internal static class OpenCommand
{
    public static Command Create(CommandScope scope)
    {
        var reference = new Argument<string>("id") { Description = "A deployment's name, or a workflow: its id, a unique beginning of it, or 'last' ('@')", DefaultValueFactory = _ => "last" };
        var noBrowser = new Option<bool>("--no-browser") { Description = "Only print the address" };
        return scope.Define(
            "open",
            "Open what a workflow deployed in the browser, or the workflow itself when it deployed nothing",
            [reference, noBrowser],
            ["stack open", "stack open calculator", "curl $(stack open last --no-browser)/health"],
            async (session, parsed, cancellationToken) =>
            {
                var (address, deployment) = await FindAsync(session, parsed.GetRequiredValue(reference), cancellationToken);
                if (session.Output.IsJson)
                {
                    session.Output.Document(new Opened(address.OriginalString, deployment));
                }
                else
                {
                    session.Output.Text(address.OriginalString);
                }

                if (!session.Output.IsJson && !parsed.GetValue(noBrowser) && session.Surroundings.OutIsTerminal && !session.Surroundings.OpenBrowser(address))
                {
                    session.Output.Note("There is no browser here; open the address yourself.");
                }

                return ExitCode.Completed;
            });
    }

    private static async Task<(Uri Address, string? Deployment)> FindAsync(Session session, string reference, CancellationToken cancellationToken)
    {
        var deployments = (await session.Api.ListDeploymentsAsync(cancellationToken)).Deployments;
        if (deployments.FirstOrDefault(candidate => candidate.Name == reference) is { } named)
        {
            return named.Url is null
                ? throw new UsageException($"'{named.Name}' is {Words.Of(named.Status)} and has no address. Start it: stack deployments start {named.Name}")
                : (new Uri(named.Url), named.Name);
        }

        var id = await WorkflowLookup.FindAsync(session, reference, cancellationToken);
        var deployed = deployments.FirstOrDefault(candidate => candidate.WorkflowId == id && candidate.Url is not null);
        return deployed is null ? (session.Api.AddressOf(id), null) : (new Uri(deployed.Url!), deployed.Name);
    }

    private sealed record Opened(string Url, string? Deployment);
}
