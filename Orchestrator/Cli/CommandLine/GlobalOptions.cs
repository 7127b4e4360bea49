using System.CommandLine;

namespace Stack.Cli;

/// <summary>The options that every command takes.</summary>
internal sealed class GlobalOptions
{
    public Option<string?> Server { get; } = new("--server")
    {
        Description = $"Where the orchestrator is [env: {ServerAddress.Variable}; default: {ServerAddress.Default}]",
        HelpName = "URL",
        Recursive = true,
    };

    public Option<string?> ApiKey { get; } = new("--api-key")
    {
        Description = "The key that the orchestrator asks for, if it does [env: STACK_API_KEY]",
        HelpName = "KEY",
        Recursive = true,
    };

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Print JSON for programs: one document; one event per line from 'run' and 'follow'",
        Recursive = true,
    };

    public Option<bool> NoColor { get; } = new("--no-color")
    {
        Description = "Print plain lines, without colors or a live display [env: NO_COLOR, CI]",
        Recursive = true,
    };

    public void AddTo(RootCommand root)
    {
        root.Options.Add(Server);
        root.Options.Add(ApiKey);
        root.Options.Add(Json);
        root.Options.Add(NoColor);
    }

    public Session Open(ParseResult parsed, Surroundings surroundings)
    {
        var server = ServerAddress.Parse(parsed.GetValue(Server) ?? surroundings.Variable(ServerAddress.Variable));
        var key = parsed.GetValue(ApiKey) ?? surroundings.Variable("STACK_API_KEY");
        var output = OutputOf(parsed, surroundings);
        if (!string.IsNullOrEmpty(key) && server.Scheme == Uri.UriSchemeHttp && !server.IsLoopback)
        {
            output.Note($"Warning: the API key travels unencrypted to {server.Host}. Use https where others can listen.");
        }

        return new Session(surroundings, output, new ApiClient(server, key));
    }

    public Output OutputOf(ParseResult parsed, Surroundings surroundings) => new(surroundings, parsed.GetValue(Json), parsed.GetValue(NoColor));
}
