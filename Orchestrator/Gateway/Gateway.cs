using Microsoft.Extensions.DependencyInjection.Extensions;
using Stack.Contracts;
using Stack.Orchestrator.Gateway.Builtin;

namespace Stack.Orchestrator.Gateway;

/// <summary>The one way to a language model: an OpenAI-compatible surface in front of providers.</summary>
internal static class Gateway
{
    /// <summary>Registers the gateway and its providers.</summary>
    /// <param name="builder">The host.</param>
    public static IHostApplicationBuilder AddGateway(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IChatProvider, BuiltinProvider>();
        builder.Services.AddSingleton<ChatProviders>();
        return builder;
    }

    /// <summary>Maps <c>GET /v1/models</c> and <c>POST /v1/chat/completions</c>.</summary>
    /// <param name="routes">The routes.</param>
    public static IEndpointRouteBuilder MapGateway(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models", (ChatProviders providers) => TypedResults.Json(ModelList.Of(providers), StackJson.Options))
            .Produces<ModelList>().WithName("list_models").WithSummary("Lists the models").WithTags("gateway");
        routes.MapPost("/v1/chat/completions", ChatCompletions.AnswerAsync)
            .Accepts<ChatRequest>("application/json")
            .Produces<ChatCompletion>().Produces<OpenAiError>(StatusCodes.Status400BadRequest).Produces<OpenAiError>(StatusCodes.Status404NotFound)
            .WithName("create_chat_completion").WithSummary("Asks a model").WithTags("gateway");
        return routes;
    }
}
