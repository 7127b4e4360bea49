using System.Globalization;
using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Definitions;
using Stack.Orchestrator.Gateway.Builtin;

namespace Stack.Orchestrator.Gateway.Configuration;

/// <summary>Reads the gateway's file. Every problem has its field, value, remedy and line.</summary>
internal sealed class GatewayReader
{
    private readonly List<DefinitionProblem> _problems = [];

    /// <summary>Reads a text.</summary>
    /// <param name="yaml">YAML or JSON.</param>
    /// <param name="ollama">The Ollama server that the host was given; the address of providers of that kind that name none. Null: none.</param>
    /// <returns>The configuration, or null and everything that is wrong.</returns>
    public static (GatewayConfiguration? Configuration, IReadOnlyList<DefinitionProblem> Problems) Read(string yaml, Uri? ollama)
    {
        if (string.IsNullOrWhiteSpace(yaml))
        {
            return (GatewayConfiguration.Default(ollama), []);
        }

        var text = YamlText.Read(yaml);
        if (text.Problems.Count > 0)
        {
            return (null, text.Problems);
        }

        var reader = new GatewayReader();
        var configuration = reader.Read(text.Root, ollama);
        return reader._problems.Count == 0 ? (configuration, []) : (null, [.. reader._problems.Select(problem => problem with { Line = text.Lines.GetValueOrDefault(problem.Path) is > 0 and var line ? line : null })]);
    }

    private GatewayConfiguration? Read(JsonElement root, Uri? ollama)
    {
        if (JsonFields.Of(root, "", _problems) is not { } fields)
        {
            return null;
        }

        var defaults = GatewayConfiguration.Default(ollama);
        var providers = new Dictionary<string, ProviderEntry>(defaults.Providers, StringComparer.Ordinal);
        Each(fields.Find("providers"), "providers", (name, entry) => providers[name] = ProviderOf(name, entry, ollama));
        var models = new Dictionary<string, ModelEntry>(defaults.Models, StringComparer.Ordinal);
        Each(fields.Find("models"), "models", (name, entry) => models[name] = ModelOf(name, entry, providers));
        var aliases = new Dictionary<string, AliasEntry>(defaults.Aliases, StringComparer.Ordinal);
        ReadAliases(fields.Find("aliases"), aliases, models, providers);
        foreach (var model in models.Values)
        {
            CheckChain($"models.{model.Name}.fallback", model.Fallback, models, providers);
        }

        var budgets = fields.Find("budgets") is { } limits ? BudgetsOf(limits) : new BudgetEntries();
        fields.RefuseUnknown();
        return new GatewayConfiguration { Providers = providers, Models = models, Aliases = aliases, Budgets = budgets };
    }

    private static ProviderEntry ProviderOf(string name, JsonFields fields, Uri? ollama)
    {
        var kind = fields.Choice<ProviderKind>("kind");
        if (kind is null && fields.Find("kind") is null)
        {
            fields.Report("kind", null, "It is missing.", "Add 'kind: ollama', 'openai' or 'anthropic'.");
        }

        var url = UrlOf(fields, kind, ollama);
        var entry = new ProviderEntry
        {
            Name = name,
            Kind = kind ?? ProviderKind.Openai,
            Url = url,
            ApiKeyEnv = fields.Text("api_key_env", maxLength: 200),
            IsLocal = fields.Flag("local") ?? (kind is ProviderKind.Ollama or ProviderKind.Builtin || url.IsLoopback),
            Discovers = fields.Flag("discover") ?? kind is ProviderKind.Ollama,
            FirstTokenTimeout = fields.Duration("first_token_timeout", TimeSpan.FromMilliseconds(1)) ?? TimeSpan.FromSeconds(60),
            Timeout = fields.Duration("timeout", TimeSpan.FromMilliseconds(1)) ?? TimeSpan.FromMinutes(10),
            Failures = (int)(fields.Number("failures", 1, 1000, whole: true) ?? 5),
            CoolDown = fields.Duration("cool_down", TimeSpan.FromMilliseconds(1)) ?? TimeSpan.FromSeconds(60),
            Retries = (int)(fields.Number("retries", 0, 10, whole: true) ?? 2),
            Parallel = (int)(fields.Number("parallel", 1, 10_000, whole: true) ?? 64),
            KeepAlive = fields.Text("keep_alive", maxLength: 20),
        };
        if (fields.Find("api_key") is not null)
        {
            fields.Report("api_key", null, "Keys do not belong into the file.", "Put the key into an environment variable and its name into 'api_key_env'.");
        }

        fields.RefuseUnknown();
        return entry;
    }

    private static Uri UrlOf(JsonFields fields, ProviderKind? kind, Uri? ollama)
    {
        var known = kind switch
        {
            ProviderKind.Ollama => ollama ?? new Uri("http://127.0.0.1:11434"),
            ProviderKind.Openai => new Uri("https://api.openai.com/v1"),
            ProviderKind.Anthropic => new Uri("https://api.anthropic.com/v1"),
            _ => ProviderEntry.Builtin.Url,
        };
        if (fields.Text("url", maxLength: 2000) is not { } text)
        {
            return known;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
        {
            return url!;
        }

        fields.Report("url", fields.Find("url"), "It is not an address.", "Write it as http://HOST:PORT; for servers that speak OpenAI's protocol with the path, for example http://127.0.0.1:8080/v1.");
        return known;
    }

    private ModelEntry ModelOf(string name, JsonFields fields, Dictionary<string, ProviderEntry> providers)
    {
        var provider = fields.Text("provider", required: true, maxLength: 100) ?? "";
        if (provider.Length > 0 && !providers.ContainsKey(provider))
        {
            fields.Report("provider", fields.Find("provider"), "There is no such provider.", $"Write one of: {string.Join(", ", providers.Keys.Order(StringComparer.Ordinal))}; or add it under 'providers'.");
        }

        var isFree = providers.GetValueOrDefault(provider)?.IsLocal is true;
        var entry = new ModelEntry
        {
            Name = name,
            Provider = provider,
            ProviderModel = fields.Text("name", maxLength: 300) ?? name,
            ContextTokens = (int?)fields.Number("context", 256, 100_000_000, whole: true),
            MaxOutput = (int)(fields.Number("max_output", 1, 10_000_000, whole: true) ?? 4096),
            Tools = fields.Choice<ToolRung>("tools"),
            Price = PriceOf(fields) ?? (isFree ? Price.Free : null),
            Fallback = fields.Texts("fallback"),
        };
        fields.RefuseUnknown();
        return entry;
    }

    private Price? PriceOf(JsonFields fields)
    {
        if (fields.Find("price") is not { } value)
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.String && value.GetString() is "free")
        {
            return Price.Free;
        }

        if (value.ValueKind is not JsonValueKind.Object)
        {
            fields.Report("price", value, "It is not a price.", "Write {input: 2.50, output: 10.00}, in dollars for a million tokens, or free.");
            return null;
        }

        var price = JsonFields.Of(value, fields.PathOf("price"), _problems)!;
        var input = price.Number("input", 0, 1_000_000, whole: false);
        var output = price.Number("output", 0, 1_000_000, whole: false);
        foreach (var missing in ((string[])["input", "output"]).Where(part => price.Find(part) is null))
        {
            price.Report(missing, null, "It is missing.", $"Add '{missing}', in dollars for a million tokens.");
        }

        price.RefuseUnknown();
        return input is { } read && output is { } written ? new Price((decimal)read, (decimal)written) : null;
    }

    private void ReadAliases(JsonElement? value, Dictionary<string, AliasEntry> aliases, Dictionary<string, ModelEntry> models, Dictionary<string, ProviderEntry> providers)
    {
        if (value is not { ValueKind: JsonValueKind.Object } list)
        {
            Each(value, "aliases", (_, _) => { });
            return;
        }

        foreach (var property in list.EnumerateObject())
        {
            var path = $"aliases.{property.Name}";
            var isList = property.Value.ValueKind is JsonValueKind.Array or JsonValueKind.String;
            var fields = isList ? JsonFields.Of(list, "aliases", _problems) : JsonFields.Of(property.Value, path, _problems);
            if (fields is null)
            {
                continue;
            }

            var chain = fields.Texts(isList ? property.Name : "models");
            var rules = isList ? [] : RulesOf(fields);
            if (!isList)
            {
                fields.RefuseUnknown();
            }

            if (chain.Count == 0)
            {
                _problems.Add(new DefinitionProblem { Path = path, Message = "The chain is empty.", Remedy = "Write a list of models, best first." });
            }

            if (models.ContainsKey(property.Name))
            {
                _problems.Add(new DefinitionProblem { Path = path, Message = "A model has this name already.", Remedy = "Give the alias another name." });
            }

            CheckChain(isList ? path : $"{path}.models", chain, models, providers);
            aliases[property.Name] = new AliasEntry { Name = property.Name, Models = chain, EscalateOn = rules.Count > 0 || (!isList && fields.Find("escalate_on") is not null) ? rules : Enum.GetValues<EscalationRule>() };
        }
    }

    private static List<EscalationRule> RulesOf(JsonFields fields)
    {
        var rules = new List<EscalationRule>();
        foreach (var word in fields.Texts("escalate_on"))
        {
            if (Enum.TryParse<EscalationRule>(word, ignoreCase: true, out var rule))
            {
                rules.Add(rule);
            }
            else
            {
                fields.Report("escalate_on", fields.Find("escalate_on"), $"There is no rule '{word}'.", "Write failure, context, capability or complex.");
            }
        }

        return rules;
    }

    private void CheckChain(string path, IReadOnlyList<string> chain, Dictionary<string, ModelEntry> models, Dictionary<string, ProviderEntry> providers)
    {
        foreach (var name in chain.Where(name => !models.ContainsKey(name)))
        {
            if (name.Split('/', 2) is [var provider, { Length: > 0 }] && providers.ContainsKey(provider))
            {
                continue;
            }

            var near = DefinitionNames.Nearest(name, models.Keys);
            _problems.Add(new DefinitionProblem
            {
                Path = path,
                Value = name,
                Message = "There is no such model.",
                Remedy = near is null ? "Write a name from 'models', PROVIDER/MODEL, or PROVIDER/* for the first model of a provider." : $"Did you mean '{near}'?",
            });
        }
    }

    private BudgetEntries BudgetsOf(JsonElement value)
    {
        if (JsonFields.Of(value, "budgets", _problems) is not { } fields)
        {
            return new BudgetEntries();
        }

        decimal? share = null;
        var stage = BudgetLimits.None;
        if (fields.Find("stage") is { } stageValue && JsonFields.Of(stageValue, "budgets.stage", _problems) is { } stageFields)
        {
            share = (decimal?)stageFields.Number("share", 0.001, 1, whole: false);
            stage = LimitsOf(stageFields);
        }

        var entries = new BudgetEntries
        {
            Day = Limits(fields, "day"),
            Workflow = Limits(fields, "workflow"),
            Stage = stage,
            StageShare = share,
            Agents = Named(fields, "agent"),
            Keys = Named(fields, "key"),
            Models = Named(fields, "model"),
        };
        fields.RefuseUnknown();
        return entries;
    }

    private BudgetLimits Limits(JsonFields parent, string name) =>
        parent.Find(name) is { } value && JsonFields.Of(value, parent.PathOf(name), _problems) is { } fields ? LimitsOf(fields) : BudgetLimits.None;

    private Dictionary<string, BudgetLimits> Named(JsonFields parent, string name)
    {
        var limits = new Dictionary<string, BudgetLimits>(StringComparer.Ordinal);
        Each(parent.Find(name), parent.PathOf(name), (key, fields) => limits[key] = LimitsOf(fields));
        return limits;
    }

    private static BudgetLimits LimitsOf(JsonFields fields)
    {
        var limits = new BudgetLimits(
            fields.Number("money", 0, 1_000_000, whole: false) is { } dollars ? (long)((decimal)dollars * Amount.NanoPerDollar) : null,
            (long?)fields.Number("tokens", 0, 1e15, whole: true),
            (long?)fields.Number("calls", 0, 1e12, whole: true),
            fields.Duration("wall_clock", TimeSpan.Zero));
        fields.RefuseUnknown();
        return limits;
    }

    private void Each(JsonElement? value, string path, Action<string, JsonFields> read)
    {
        if (value is not { } given)
        {
            return;
        }

        if (given.ValueKind is not JsonValueKind.Object)
        {
            _problems.Add(new DefinitionProblem { Path = path, Value = JsonFields.Shorten(given), Message = "Names with entries are needed.", Remedy = string.Create(CultureInfo.InvariantCulture, $"Write '{path.Split('.')[^1]}:' and below it one name for each entry.") });
            return;
        }

        foreach (var property in given.EnumerateObject())
        {
            if (path is "models" or "providers" && property.Name is BuiltinProvider.ProviderName)
            {
                _problems.Add(new DefinitionProblem { Path = $"{path}.{property.Name}", Message = "The built-in generator has this name.", Remedy = "Take another name." });
            }
            else if (JsonFields.Of(property.Value, $"{path}.{property.Name}", _problems) is { } fields)
            {
                read(property.Name, fields);
            }
        }
    }
}
