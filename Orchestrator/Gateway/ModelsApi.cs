using Stack.Contracts;
using Stack.Orchestrator.Gateway.Configuration;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway;

/// <summary><c>GET /api/v1/models</c>: models, aliases and providers for people, with what is wrong with the file.</summary>
internal static class ModelsApi
{
    public static void MapModels(this IEndpointRouteBuilder routes) => routes.MapGet("/api/v1/models", ListAsync).WithTags("Models")
        .WithSummary("List models, aliases and providers").WithDescription("With what each model can do, whether its price is known, the state of each provider's breaker, and what is wrong with the gateway's file.").Produces<ModelOverview>();

    private static async Task<IResult> ListAsync(ProviderDirectory directory, GatewayFile file, CancellationToken cancellationToken)
    {
        var configuration = file.Current;
        var links = await directory.ListAsync(cancellationToken);
        var models = await Task.WhenAll(links.Select(link => ResourceAsync(link, cancellationToken)));
        var providers = await Task.WhenAll(directory.All.Select(provider => ResourceAsync(provider, cancellationToken)));
        return TypedResults.Ok(new ModelOverview
        {
            Models = models,
            Aliases = [.. configuration.Aliases.Values.OrderBy(alias => alias.Name, StringComparer.Ordinal).Select(alias => new AliasResource(alias.Name, alias.Models))],
            Providers = providers,
            File = file.Path,
            LoadedAt = file.LoadedAt,
            Problems = file.Problems,
        });
    }

    private static async Task<ModelResource> ResourceAsync(ChainLink link, CancellationToken cancellationToken)
    {
        var ability = link.Provider.Breaker.State is "open" ? null : await link.Provider.AbilityAsync(link.Model.ProviderModel, cancellationToken);
        return new ModelResource
        {
            Name = link.Model.Name,
            Provider = link.Model.Provider,
            ContextTokens = link.Model.ContextTokens ?? ability?.ContextTokens,
            MaxOutput = link.Model.MaxOutput,
            Tools = link.Provider.Entry.Kind is ProviderKind.Builtin ? "none" : link.Provider.RungOf(link.Model, ability).ToString().ToLowerInvariant(),
            Capabilities = ability?.Capabilities ?? [],
            InputPrice = link.Model.Price?.Input,
            OutputPrice = link.Model.Price?.Output,
            Fallback = link.Model.Fallback,
        };
    }

    private static async Task<ProviderResource> ResourceAsync(ActiveProvider provider, CancellationToken cancellationToken)
    {
        string? problem = null;
        if (provider.Breaker.State is not "open" && provider.Entry.Discovers)
        {
            try
            {
                await provider.ModelsAsync(cancellationToken);
            }
            catch (ModelFailure failure)
            {
                problem = failure.Message;
            }
        }

        return new ProviderResource
        {
            Name = provider.Entry.Name,
            Kind = provider.Entry.Kind.ToString().ToLowerInvariant(),
            Url = provider.Entry.Kind is ProviderKind.Builtin ? null : provider.Entry.Url.ToString(),
            Local = provider.Entry.IsLocal,
            Breaker = provider.Breaker.State,
            Problem = problem,
        };
    }
}

/// <summary>What there is to ask.</summary>
internal sealed record ModelOverview
{
    /// <summary>The models.</summary>
    public required IReadOnlyList<ModelResource> Models { get; init; }

    /// <summary>The aliases.</summary>
    public required IReadOnlyList<AliasResource> Aliases { get; init; }

    /// <summary>The providers.</summary>
    public required IReadOnlyList<ProviderResource> Providers { get; init; }

    /// <summary>The gateway's file; it need not be there.</summary>
    public required string File { get; init; }

    /// <summary>When what holds was read.</summary>
    public required DateTimeOffset LoadedAt { get; init; }

    /// <summary>What is wrong with the file as it is now; what holds is what it was before. Empty: nothing is.</summary>
    public required IReadOnlyList<DefinitionProblem> Problems { get; init; }
}

/// <summary>A model.</summary>
internal sealed record ModelResource
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Who has it.</summary>
    public required string Provider { get; init; }

    /// <summary>The tokens of question and answer together. Null: not known.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>The most tokens of an answer when a call does not say.</summary>
    public required int MaxOutput { get; init; }

    /// <summary>How tools are offered to it: <c>native</c>, <c>json</c>, <c>text</c> or <c>none</c>.</summary>
    public required string Tools { get; init; }

    /// <summary>What it can, in its provider's words.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>Dollars for a million tokens read. Null: not known, and it is not called.</summary>
    public decimal? InputPrice { get; init; }

    /// <summary>Dollars for a million tokens written. Null: not known.</summary>
    public decimal? OutputPrice { get; init; }

    /// <summary>The models that are asked when it does not answer.</summary>
    public required IReadOnlyList<string> Fallback { get; init; }
}

/// <summary>A name for a chain of models.</summary>
/// <param name="Name">The name.</param>
/// <param name="Models">The chain.</param>
internal sealed record AliasResource(string Name, IReadOnlyList<string> Models);

/// <summary>A provider.</summary>
internal sealed record ProviderResource
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its protocol.</summary>
    public required string Kind { get; init; }

    /// <summary>Its address. Null: it is a part of this program.</summary>
    public string? Url { get; init; }

    /// <summary>Whether it belongs to the user.</summary>
    public required bool Local { get; init; }

    /// <summary><c>closed</c>, <c>open</c> or <c>half_open</c>.</summary>
    public required string Breaker { get; init; }

    /// <summary>What is wrong with it now. Null: nothing that is known.</summary>
    public string? Problem { get; init; }
}
