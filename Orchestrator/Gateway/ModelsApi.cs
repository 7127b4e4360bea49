using Stack.Contracts;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Problems;
using Stack.Orchestrator.Gateway.Configuration;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway;

/// <summary><c>/api/v1/models</c>: models, aliases and providers for people, with what is wrong with the file.</summary>
internal static class ModelsApi
{
    private const int MostContext = 1_000_000;

    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/models").WithTags("Models");
        group.MapGet("", ListAsync).WithSummary("List models, aliases and providers")
            .WithDescription("With what each model can do, whether its price is known, the state of each provider's breaker, and what is wrong with the gateway's file.").Produces<ModelOverview>();
        group.MapPost("/probe", ProbeAsync).Require(Scope.Write).WithSummary("Find out what a model can do by asking it")
            .WithDescription("Three calls, booked like others: whether it calls a tool, whether its answer fits a JSON schema, and whether it reads a long conversation from its beginning.").Produces<ModelResource>();
    }

    private static async Task<IResult> ProbeAsync(HttpContext context, ProbeRequest request, ProviderDirectory directory, ModelGateway gateway, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request.Model is not { Length: > 0 } model)
        {
            return Problem.Of(ProblemTypes.InvalidRequest, "model: it is missing.", "GET /api/v1/models lists the models.");
        }

        if (request.ContextTokens is { } tokens and (< ModelProbe.LeastContext or > MostContext))
        {
            return Problem.Of(ProblemTypes.InvalidRequest, $"context_tokens: {tokens} is not between {ModelProbe.LeastContext} and {MostContext}.");
        }

        try
        {
            var chain = await directory.FindAsync(model, cancellationToken);
            if (chain.IsAlias)
            {
                return Problem.Of(ProblemTypes.InvalidRequest, $"model: '{model}' is an alias for {string.Join(", ", chain.Links.Select(link => link.Model.Name))}.", "Name one of its models.");
            }

            var link = chain.Links[0];
            var measured = await new ModelProbe(gateway, time).MeasureAsync(link, request.ContextTokens ?? ModelProbe.UsualContext, CallOrigin.Of(context), cancellationToken);
            link.Provider.Remember(link.Model, measured);
            return TypedResults.Ok(await ResourceAsync(link, cancellationToken));
        }
        catch (ModelFailure failure)
        {
            return Problem.Of(ProblemTypes.InvalidRequest, failure.Status, failure.Message);
        }
    }

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
            Measured = link.Provider.MeasuredOf(link.Model),
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
