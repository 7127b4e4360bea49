using System.Collections.Concurrent;
using System.Net.Http.Headers;
using Stack.Orchestrator.Gateway.Builtin;
using Stack.Orchestrator.Gateway.Configuration;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Providers;

namespace Stack.Orchestrator.Gateway.Routing;

/// <summary>The providers at work, by name, and the way from a model's name to them.</summary>
internal sealed partial class ProviderDirectory(GatewayFile file, IConfiguration configuration, TimeProvider time, ILogger<ProviderDirectory> logger) : IDisposable
{
    // Answers take as long as they take; who calls watches the time.
    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5), PooledConnectionLifetime = TimeSpan.FromMinutes(5), MaxConnectionsPerServer = 256 })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private readonly ConcurrentDictionary<string, ActiveProvider> _active = new(StringComparer.Ordinal);

    /// <summary>The file's configuration.</summary>
    public GatewayConfiguration Configuration => file.Current;

    /// <summary>The providers that are configured now.</summary>
    public IEnumerable<ActiveProvider> All => Configuration.Providers.Values.Select(Get);

    /// <summary>The provider at work for an entry.</summary>
    public ActiveProvider Get(ProviderEntry entry) => _active.AddOrUpdate(entry.Name, _ => Start(entry, null), (_, running) => running.Entry == entry ? running : Start(entry, running.Breaker));

    /// <summary>The chain of models behind a name: a model and its fallbacks, an alias, <c>PROVIDER/MODEL</c>, or a model that a provider has.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ModelFailure">There is no such model, or the provider that may have it does not answer.</exception>
    public async Task<ModelChain> FindAsync(string name, CancellationToken cancellationToken)
    {
        var current = Configuration;
        if (current.Aliases.TryGetValue(name, out var alias))
        {
            var models = new List<ChainLink>();
            foreach (var member in alias.Models)
            {
                models.AddRange((await LinksAsync(member, current, [], cancellationToken)).Where(link => models.All(known => known.Model.Name != link.Model.Name)));
            }

            return new ModelChain(name, [.. models.OrderBy(link => link.Provider.Entry.IsLocal ? 0 : 1)], alias.EscalateOn, IsAlias: true);
        }

        return new ModelChain(name, await LinksAsync(name, current, [], cancellationToken) is { Count: > 0 } links ? links : throw await MissingAsync(name, current, cancellationToken), Enum.GetValues<EscalationRule>(), IsAlias: false);
    }

    /// <summary>Every model that can be asked, by name, with its provider; providers that do not answer are left out.</summary>
    public async Task<IReadOnlyList<ChainLink>> ListAsync(CancellationToken cancellationToken)
    {
        var current = Configuration;
        var links = current.Models.Values.OrderBy(model => model.Provider == BuiltinProvider.ProviderName ? 0 : 1).Select(model => new ChainLink(model, Get(current.Providers[model.Provider]), null)).ToList();
        foreach (var provider in All.Where(provider => provider.Entry.Discovers))
        {
            try
            {
                var found = await provider.ModelsAsync(cancellationToken);
                links.AddRange(found.Where(model => !current.Models.ContainsKey(model.Name)).Select(model => new ChainLink(Discovered(provider.Entry, model.Name), provider, model)));
            }
            catch (ModelFailure failure)
            {
                LogNotListed(provider.Entry.Name, failure.Message);
            }
        }

        return links;
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private async Task<IReadOnlyList<ChainLink>> LinksAsync(string name, GatewayConfiguration current, HashSet<string> seen, CancellationToken cancellationToken)
    {
        if (!seen.Add(name))
        {
            return [];
        }

        if (current.Models.TryGetValue(name, out var model))
        {
            List<ChainLink> links = [new ChainLink(model, Get(current.Providers[model.Provider]), null)];
            foreach (var fallback in model.Fallback)
            {
                links.AddRange(await LinksAsync(fallback, current, seen, cancellationToken));
            }

            return links;
        }

        if (name.Split('/', 2) is [var prefix, { Length: > 0 } rest] && current.Providers.TryGetValue(prefix, out var entry))
        {
            return rest is not "*" ? [new ChainLink(Discovered(entry, rest), Get(entry), null)] : await FirstAsync(Get(entry), cancellationToken);
        }

        return await DiscoverAsync(name, cancellationToken);
    }

    private async Task<IReadOnlyList<ChainLink>> FirstAsync(ActiveProvider provider, CancellationToken cancellationToken)
    {
        try
        {
            return (await provider.LastModelsAsync(cancellationToken)).Take(1).Select(found => new ChainLink(Discovered(provider.Entry, found.Name), provider, found)).ToList();
        }
        catch (ModelFailure failure)
        {
            LogNotListed(provider.Entry.Name, failure.Message);
            return [];
        }
    }

    private async Task<IReadOnlyList<ChainLink>> DiscoverAsync(string name, CancellationToken cancellationToken)
    {
        ModelFailure? unreachable = null;
        foreach (var provider in All.Where(provider => provider.Entry.Discovers))
        {
            try
            {
                var found = (await provider.LastModelsAsync(cancellationToken)).FirstOrDefault(model => model.Name == name || model.Name == $"{name}:latest");
                if (found is not null)
                {
                    return [new ChainLink(Discovered(provider.Entry, found.Name), provider, found)];
                }
            }
            catch (ModelFailure failure)
            {
                unreachable = failure;
            }
        }

        return unreachable is null ? [] : throw new ModelFailure(unreachable.Kind, $"The model '{name}' is not configured, and who may have it does not answer. {unreachable.Message}", unreachable);
    }

    private async Task<ModelFailure> MissingAsync(string name, GatewayConfiguration current, CancellationToken cancellationToken)
    {
        var models = (await ListAsync(cancellationToken)).Select(link => link.Model.Name).ToList();
        var near = Contracts.DefinitionNames.Nearest(name, [.. models, .. current.Aliases.Keys]);
        return new ModelFailure(
            FailureKind.ModelMissing,
            $"The model '{name}' does not exist. {(near is null ? "" : $"Did you mean '{near}'? ")}There are: {string.Join(", ", models)}; and the aliases {string.Join(", ", current.Aliases.Keys.Order(StringComparer.Ordinal))}. Others are added in '{file.Path}'.")
        {
            Parameter = "model",
        };
    }

    private static ModelEntry Discovered(ProviderEntry provider, string model) =>
        new() { Name = model, Provider = provider.Name, ProviderModel = model, Price = provider.IsLocal ? Price.Free : null };

    private ActiveProvider Start(ProviderEntry entry, ProviderBreaker? breaker)
    {
        IModelProvider provider = entry.Kind switch
        {
            ProviderKind.Ollama => new OllamaProvider(_http, entry.Name, entry.Url, entry.KeepAlive, Bearer, time),
            ProviderKind.Openai => new OpenAiProvider(_http, entry.Name, entry.Url, Bearer),
            ProviderKind.Anthropic => new AnthropicProvider(_http, entry.Name, entry.Url, headers =>
            {
                headers.Add("anthropic-version", AnthropicProvider.Version);
                if (KeyOf(entry) is { } key)
                {
                    headers.Add("x-api-key", key);
                }
            }),
            _ => new BuiltinProvider(),
        };
        return new ActiveProvider(entry, provider, breaker ?? new ProviderBreaker(time, state => LogBreaker(entry.Name, state)), time);

        void Bearer(HttpRequestHeaders headers) => headers.Authorization = KeyOf(entry) is { } key ? new AuthenticationHeaderValue("Bearer", key) : null;
    }

    // Keys come from files too, with a line break at their end that no header takes.
    private string? KeyOf(ProviderEntry entry) => entry.ApiKeyEnv is { } name && configuration[name]?.Trim() is { Length: > 0 } key ? key : null;

    [LoggerMessage(Level = LogLevel.Debug, Message = "The models of provider {Provider} are not known: {Reason}")]
    private partial void LogNotListed(string provider, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The breaker of provider {Provider} is {State}.")]
    private partial void LogBreaker(string provider, string state);
}

/// <summary>A model and who has it.</summary>
/// <param name="Model">The model.</param>
/// <param name="Provider">Who has it.</param>
/// <param name="Found">What the provider says of it. Null: it was not asked.</param>
internal sealed record ChainLink(ModelEntry Model, ActiveProvider Provider, FoundModel? Found);

/// <summary>The models behind a name, in the order in which they are asked.</summary>
/// <param name="Name">The name that was asked for.</param>
/// <param name="Links">The models.</param>
/// <param name="Rules">When the chain may leave the local ones.</param>
/// <param name="IsAlias">Whether the name stands for the chain, and not for its first model.</param>
internal sealed record ModelChain(string Name, IReadOnlyList<ChainLink> Links, IReadOnlyList<EscalationRule> Rules, bool IsAlias);
