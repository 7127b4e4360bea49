using Microsoft.Extensions.DependencyInjection.Extensions;
using Stack.Engine;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Problems;
using Stack.Orchestrator.Gateway.Configuration;
using Stack.Orchestrator.Gateway.Journal;
using Stack.Orchestrator.Gateway.Ledger;
using Stack.Orchestrator.Gateway.Ollama;
using Stack.Orchestrator.Gateway.OpenAi;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway;

/// <summary>The one way to a language model: OpenAI's and Ollama's protocols in front of providers.</summary>
internal static class Gateway
{
    // Conversations with pictures and long contexts.
    private const long MaxBodyBytes = 64L * 1024 * 1024;

    /// <summary>Registers the gateway. After the store, whose ledger and journal it uses; without one they are in memory.</summary>
    /// <param name="builder">The host.</param>
    public static IHostApplicationBuilder AddGateway(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<InMemoryLedger>();
        services.TryAddSingleton<ILedgerStore>(provider => provider.GetRequiredService<InMemoryLedger>());
        services.TryAddSingleton<InMemoryStore>();
        services.TryAddSingleton<IWorkflowStore>(provider => provider.GetRequiredService<InMemoryStore>());
        services.TryAddSingleton<IModelJournal>(provider => provider.GetRequiredService<InMemoryStore>());
        services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section)
            .Validate(options => options.KeptResponsesMegabytes >= 1, $"{GatewayOptions.Section}:{nameof(GatewayOptions.KeptResponsesMegabytes)} is less than 1. Give the megabytes that kept responses may take.")
            .ValidateOnStart();
        services.AddSingleton<GatewayFile>();
        services.AddHostedService(provider => provider.GetRequiredService<GatewayFile>());
        services.AddSingleton<ProviderDirectory>();
        services.AddSingleton<BudgetBook>();
        services.AddSingleton<WorkflowOrigins>();
        services.AddSingleton<CallJournal>();
        services.AddSingleton<ModelGateway>();
        services.AddSingleton<ResponseRuns>();
        services.AddHostedService<ReservationExpirer>();
        return builder;
    }

    /// <summary>Maps OpenAI's paths under <c>/v1</c>, Ollama's under <c>/api</c>, and our own for models and usage.</summary>
    /// <param name="routes">The routes.</param>
    public static IEndpointRouteBuilder MapGateway(this IEndpointRouteBuilder routes)
    {
        MapOpenAi(routes.MapGroup("/v1").WithTags("gateway").Require(Scope.Write | Scope.Agent).LimitBody(MaxBodyBytes).WithMetadata(new ErrorShape(OpenAiErrors.WriteAsync)));
        MapOllama(routes.MapGroup("/api").WithTags("Ollama").Require(Scope.Write | Scope.Agent).LimitBody(MaxBodyBytes).WithMetadata(new ErrorShape(OllamaErrors.WriteAsync)));
        routes.MapModels();
        routes.MapUsage();
        return routes;
    }

    private static void MapOpenAi(RouteGroupBuilder group)
    {
        group.MapGet("/models", Models.ListAsync).Produces<ModelList>().WithName("list_models").WithSummary("Lists the models");
        group.MapGet("/models/{**model}", Models.ShowAsync).Produces<OpenAiModel>().WithSummary("Shows a model");
        group.MapPost("/chat/completions", ChatCompletions.AnswerAsync).Accepts<ChatRequest>("application/json")
            .Produces<ChatCompletion>().Produces<OpenAiError>(StatusCodes.Status400BadRequest).Produces<OpenAiError>(StatusCodes.Status404NotFound)
            .WithName("create_chat_completion").WithSummary("Asks a model");
        group.MapPost("/embeddings", Embeddings.AnswerAsync).Accepts<EmbeddingRequest>("application/json").WithSummary("Turns texts into vectors");
        group.MapResponses();
    }

    private static void MapOllama(RouteGroupBuilder group)
    {
        group.MapGet("/version", OllamaModels.Version).WithSummary("The version of the protocol");
        group.MapGet("/tags", OllamaModels.TagsAsync).WithSummary("Lists the models");
        group.MapGet("/ps", OllamaModels.Running).WithSummary("Lists the models in memory; always empty, providers keep theirs");
        group.MapPost("/show", OllamaModels.ShowAsync).Accepts<OllamaModelRequest>("application/json").WithSummary("Shows a model");
        group.MapPost("/chat", OllamaChat.ChatAsync).Accepts<OllamaRequest>("application/json").WithSummary("Continues a conversation");
        group.MapPost("/generate", OllamaChat.GenerateAsync).Accepts<OllamaRequest>("application/json").WithSummary("Answers a question");
        group.MapPost("/embed", OllamaModels.EmbedAsync).Accepts<OllamaEmbedRequest>("application/json").WithSummary("Turns texts into vectors");
        group.MapPost("/embeddings", OllamaModels.EmbedAsync).Accepts<OllamaEmbedRequest>("application/json").WithSummary("Turns a text into a vector (the older form)");
        // Agents ask models; what is on the machine is for people to say.
        group.MapPost("/pull", OllamaModels.PullAsync).Require(Scope.Write).Accepts<OllamaModelRequest>("application/json").WithSummary("Fetches a model onto the Ollama server");
    }
}
