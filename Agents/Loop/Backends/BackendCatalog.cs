using System.Text.Json;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Loop.Backends;

/// <summary>
/// The programs that can do the work of an iteration: those that come with the product, and those of a JSON file, which is read for every attempt and goes first. Thread-safe.
/// </summary>
/// <param name="path">The file; it need not be there.</param>
internal sealed class BackendCatalog(string path)
{
    private static readonly JsonSerializerOptions s_options = new(StackJson.Options) { ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow };

    private static readonly Dictionary<string, ProgramTemplate> s_builtIn = new(StringComparer.Ordinal)
    {
        ["aider"] = new() { Command = ["aider", "--yes-always", "--no-auto-commits", "--no-check-update", "--no-analytics", "--message-file", "{prompt_file}"], Environment = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_BASE", "OLLAMA_API_BASE", "AIDER_MODEL"] },
        ["codex"] = new() { Command = ["codex", "exec", "--full-auto", "--skip-git-repo-check", "-C", "{workspace}", "--", "{prompt}"], Environment = ["OPENAI_API_KEY", "CODEX_HOME"] },
        ["claude"] = new() { Command = ["claude", "-p", "--permission-mode", "acceptEdits", "--", "{prompt}"], Environment = ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "CLAUDE_CONFIG_DIR"] },
        ["goose"] = new() { Command = ["goose", "run", "--no-session", "-i", "{prompt_file}"], Environment = ["GOOSE_PROVIDER", "GOOSE_MODEL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OLLAMA_HOST"] },
        ["continue"] = new() { Command = ["cn", "-p", "--auto", "--", "{prompt}"], Environment = ["CONTINUE_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"] },
    };

    /// <summary>Finds a template.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="AgentFailure">There is none, or the file is wrong.</exception>
    public ProgramTemplate Require(string name)
    {
        var own = Read();
        if ((own.GetValueOrDefault(name) ?? s_builtIn.GetValueOrDefault(name)) is not { } template)
        {
            var names = own.Keys.Concat(s_builtIn.Keys).Append(LoopSettings.Native).Distinct().Order(StringComparer.Ordinal).ToList();
            var near = DefinitionNames.Nearest(name, names);
            throw Refuse("backend_unknown", $"There is no backend '{name}'.{(near is null ? "" : $" Did you mean '{near}'?")} There are: {string.Join(", ", names)}.", $"Use one of them, or add it to {path}.");
        }

        return template.Problem() is { } problem ? throw Refuse("backend_invalid", $"The backend '{name}' in {path} is wrong: {problem}", "Correct it; the next attempt reads the file again.") : template;
    }

    private Dictionary<string, ProgramTemplate> Read()
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<Dictionary<string, ProgramTemplate>>(File.ReadAllText(path), s_options) ?? [] : [];
        }
        catch (JsonException exception)
        {
            throw Refuse("backends_unreadable", $"{path} is not a file of backends: it is wrong at '{exception.Path ?? "$"}', line {exception.LineNumber + 1}: {exception.Message}", "Correct it; the next attempt reads the file again.");
        }
    }

    private static AgentFailure Refuse(string code, string message, string remedy) => new(new StructuredError
    {
        Code = code,
        Message = message,
        Category = ErrorCategory.Configuration,
        Class = FailureClass.Unproductive,
        SuggestedAction = remedy,
    });
}

/// <summary>A program as a backend.</summary>
internal sealed record ProgramTemplate
{
    /// <summary>The program and its arguments; never a shell. <c>{prompt}</c>, <c>{prompt_file}</c>, <c>{workspace}</c>, <c>{iteration}</c> and <c>{model}</c> are filled in.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>The variables of the agent's environment that the program gets beside the scrubbed ones. It can pass them on to whatever it runs.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>The longest that it may take.</summary>
    /// <value>The default is 20 minutes.</value>
    [System.Text.Json.Serialization.JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>Where the result is: <c>exit_code</c>, the program's own; or <c>json</c>, the last line that it prints: an object with <c>exit_code</c> and, if it likes, <c>output</c> and <c>error</c>.</summary>
    /// <value>The default is <c>exit_code</c>.</value>
    public string Result { get; init; } = "exit_code";

    /// <summary>Exit codes that say that a network or a server failed and not the work; such a pass is not counted.</summary>
    public IReadOnlyList<int> InfrastructureExitCodes { get; init; } = [];

    /// <summary>What is wrong with it. Null: nothing.</summary>
    public string? Problem() => this switch
    {
        { Command.Count: 0 } => "'command' is missing; write the program and its arguments as a list.",
        { Result: not ("exit_code" or "json") } => $"'result' is '{Result}'; write exit_code or json.",
        { Timeout.TotalSeconds: < 1 } => "'timeout' is less than a second.",
        _ => null,
    };
}
