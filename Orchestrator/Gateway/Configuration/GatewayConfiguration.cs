using Stack.Engine;
using Stack.Orchestrator.Gateway.Builtin;

namespace Stack.Orchestrator.Gateway.Configuration;

/// <summary>What the gateway's file says: providers, models, aliases, budgets. Never changes; a new file makes a new one.</summary>
internal sealed record GatewayConfiguration
{
    private static readonly string[] s_aliases = ["fast", "smart"];

    /// <summary>The providers by name; <c>builtin</c> is always among them.</summary>
    public required IReadOnlyDictionary<string, ProviderEntry> Providers { get; init; }

    /// <summary>The models by name; <c>builtin</c> is always among them.</summary>
    public required IReadOnlyDictionary<string, ModelEntry> Models { get; init; }

    /// <summary>Other names, each for a chain of models.</summary>
    public required IReadOnlyDictionary<string, AliasEntry> Aliases { get; init; }

    /// <summary>The limits.</summary>
    public BudgetEntries Budgets { get; init; } = new();

    /// <summary>What holds when there is no file.</summary>
    /// <param name="ollama">The Ollama server that the host was given. Null: none.</param>
    public static GatewayConfiguration Default(Uri? ollama)
    {
        List<ProviderEntry> providers = [ProviderEntry.Builtin];
        List<string> chain = [];
        if (ollama is not null)
        {
            providers.Add(new ProviderEntry { Name = "ollama", Kind = ProviderKind.Ollama, Url = ollama, IsLocal = true, Discovers = true });
            chain.Add("ollama/*");
        }

        chain.Add(BuiltinProvider.ProviderName);
        return new GatewayConfiguration
        {
            Providers = providers.ToDictionary(provider => provider.Name, StringComparer.Ordinal),
            Models = new Dictionary<string, ModelEntry>(StringComparer.Ordinal) { [BuiltinProvider.ProviderName] = ModelEntry.Builtin },
            Aliases = s_aliases.ToDictionary(name => name, name => new AliasEntry { Name = name, Models = chain }, StringComparer.Ordinal),
        };
    }
}

/// <summary>The protocol of a provider.</summary>
internal enum ProviderKind
{
    /// <summary>The generator in this program.</summary>
    Builtin,

    /// <summary>Ollama's own.</summary>
    Ollama,

    /// <summary>OpenAI's chat completions.</summary>
    Openai,

    /// <summary>Anthropic's messages.</summary>
    Anthropic,
}

/// <summary>A provider.</summary>
internal sealed record ProviderEntry
{
    /// <summary>The generator in this program.</summary>
    public static ProviderEntry Builtin { get; } = new() { Name = BuiltinProvider.ProviderName, Kind = ProviderKind.Builtin, Url = new Uri("builtin:/"), IsLocal = true };

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its protocol.</summary>
    public required ProviderKind Kind { get; init; }

    /// <summary>Its address.</summary>
    public required Uri Url { get; init; }

    /// <summary>The setting or environment variable that holds its key. Null: it needs none.</summary>
    public string? ApiKeyEnv { get; init; }

    /// <summary>Whether it belongs to the user: it is asked first, and costs nothing when no price is given.</summary>
    public bool IsLocal { get; init; }

    /// <summary>Whether the models that it has can be used without an entry.</summary>
    public bool Discovers { get; init; }

    /// <summary>How long the first part of an answer, and each one after it, may take.</summary>
    /// <value>The default is 60 seconds.</value>
    public TimeSpan FirstTokenTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long an answer may take.</summary>
    /// <value>The default is 10 minutes.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often it may fail in a row before it is left alone.</summary>
    /// <value>The default is 5.</value>
    public int Failures { get; init; } = 5;

    /// <summary>How long it is left alone then.</summary>
    /// <value>The default is 60 seconds.</value>
    public TimeSpan CoolDown { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a call that failed before its first part is tried again.</summary>
    /// <value>The default is 2.</value>
    public int Retries { get; init; } = 2;

    /// <summary>The most calls at once; others wait.</summary>
    /// <value>The default is 64.</value>
    public int Parallel { get; init; } = 64;

    /// <summary>How long Ollama keeps a model in memory after a call, in its own words. Null: as the server is set.</summary>
    public string? KeepAlive { get; init; }
}

/// <summary>How tools are offered to a model.</summary>
internal enum ToolRung
{
    /// <summary>In the provider's own protocol.</summary>
    Native,

    /// <summary>As a JSON schema that the answer is held to.</summary>
    Json,

    /// <summary>In words; calls are read out of the text.</summary>
    Text,
}

/// <summary>A model.</summary>
internal sealed record ModelEntry
{
    /// <summary>The generator in this program.</summary>
    public static ModelEntry Builtin { get; } = new() { Name = BuiltinProvider.ProviderName, Provider = BuiltinProvider.ProviderName, ProviderModel = BuiltinProvider.ProviderName, Price = Price.Free };

    /// <summary>The name that callers use; also the name under which its use is booked.</summary>
    public required string Name { get; init; }

    /// <summary>Who has it.</summary>
    public required string Provider { get; init; }

    /// <summary>Its name there.</summary>
    public required string ProviderModel { get; init; }

    /// <summary>The tokens of question and answer together. Null: what the provider says.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>The most tokens of an answer when the call does not say.</summary>
    /// <value>The default is 4,096.</value>
    public int MaxOutput { get; init; } = 4096;

    /// <summary>How tools are offered. Null: as the provider says that the model can.</summary>
    public ToolRung? Tools { get; init; }

    /// <summary>What it costs. Null: not known, and it is not called.</summary>
    public Price? Price { get; init; }

    /// <summary>The models to ask when this one does not answer.</summary>
    public IReadOnlyList<string> Fallback { get; init; } = [];
}

/// <summary>What a model costs.</summary>
/// <param name="Input">Dollars for a million tokens read.</param>
/// <param name="Output">Dollars for a million tokens written.</param>
internal sealed record Price(decimal Input, decimal Output)
{
    /// <summary>Nothing.</summary>
    public static Price Free { get; } = new(0, 0);

    /// <summary>What a call costs in billionths of a dollar, rounded up.</summary>
    /// <param name="prompt">Tokens read.</param>
    /// <param name="completion">Tokens written.</param>
    public long Of(long prompt, long completion) => (long)Math.Ceiling(((prompt * Input) + (completion * Output)) * 1_000m);
}

/// <summary>Why a chain may go from a local model to one that is not.</summary>
internal enum EscalationRule
{
    /// <summary>The local ones failed or rest.</summary>
    Failure,

    /// <summary>The conversation does not fit their context.</summary>
    Context,

    /// <summary>They cannot do what the call needs, for example tools.</summary>
    Capability,

    /// <summary>The call says of itself that it is complex: <c>metadata.complexity</c> is <c>complex</c>.</summary>
    Complex,
}

/// <summary>A name for a chain of models. Local ones are asked first, in their order; then the others, when a rule allows it.</summary>
internal sealed record AliasEntry
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>The models, best first; <c>PROVIDER/*</c> is the first model that the provider has.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>When the chain may leave the local models.</summary>
    /// <value>The default is every rule.</value>
    public IReadOnlyList<EscalationRule> EscalateOn { get; init; } = Enum.GetValues<EscalationRule>();
}

/// <summary>The limits of budgets that the file sets.</summary>
internal sealed record BudgetEntries
{
    /// <summary>Of everything in a day (UTC).</summary>
    public BudgetLimits Day { get; init; } = BudgetLimits.None;

    /// <summary>Of each workflow.</summary>
    public BudgetLimits Workflow { get; init; } = BudgetLimits.None;

    /// <summary>Of each stage of a workflow.</summary>
    public BudgetLimits Stage { get; init; } = BudgetLimits.None;

    /// <summary>The part of its workflow's limits that each stage may use. Null: only its own limits hold.</summary>
    public decimal? StageShare { get; init; }

    /// <summary>Of agents a day, by their definition's name; <c>*</c> is every other one.</summary>
    public IReadOnlyDictionary<string, BudgetLimits> Agents { get; init; } = new Dictionary<string, BudgetLimits>();

    /// <summary>Of callers a day, by the name of their API key; <c>*</c> is every other one.</summary>
    public IReadOnlyDictionary<string, BudgetLimits> Keys { get; init; } = new Dictionary<string, BudgetLimits>();

    /// <summary>Of models a day; <c>*</c> is every other one.</summary>
    public IReadOnlyDictionary<string, BudgetLimits> Models { get; init; } = new Dictionary<string, BudgetLimits>();

    /// <summary>The limits of a stage: its own and its slice of the workflow's, whichever is less.</summary>
    public BudgetLimits StageLimits => StageShare is { } share ? Stage.Within(Workflow.Slice(share)) : Stage;
}
