using Stack.Engine;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Approvals;
using Stack.Orchestrator.Api.Definitions;
using Stack.Orchestrator.Api.Loops;
using Stack.Orchestrator.Api.Problems;
using Stack.Orchestrator.Api.Replays;
using Stack.Orchestrator.Planning;
using Stack.Orchestrator.Verification;
using Stack.ServiceDefaults.Health;

namespace Stack.Orchestrator.Api;

/// <summary>Adds and maps the HTTP API.</summary>
internal static class ApiRoutes
{
    public static void AddApi(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton(new ApiKeys(builder.Configuration));
        services.AddSingleton<AgentTokens>();
        services.AddSingleton<AgentTypes>();
        services.AddSingleton<DefinitionCatalog>();
        services.AddHostedService<BuiltInDefinitions>();
        services.AddSingleton<WorkflowViews>();
        services.AddReplays();
        services.AddSingleton<EventStream>();
        services.AddSingleton<EffectCheck>();
        services.AddSingleton<IApprovedEffects, ApprovedEffects>();
        services.AddPlanning();
        services.AddHealthChecks().AddCheck<StoreHealth>("store", tags: [HealthTags.Ready]).AddCheck<AgentsHealth>("agents");
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .SetIsOriginAllowed(AccessCheck.IsLoopbackOrigin).AllowAnyHeader().AllowAnyMethod()
            .WithExposedHeaders("Location", "ETag", "X-Request-Id", "Retry-After", "Idempotency-Replayed")));
        builder.AddLoopTasks();
        builder.AddOpenApiDocument();
    }

    /// <summary>The steps of every request, before its handler.</summary>
    public static void UseApi(this WebApplication app)
    {
        app.UseMiddleware<Boundary>();
        app.UseRouting();
        app.UseCors();
        app.UseMiddleware<AccessCheck>();
        app.UseMiddleware<OversizeBodies>();
    }

    public static void MapApi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1");
        api.MapWorkflows();
        api.MapWorkflowCommands();
        api.MapWorkflowEvents();
        api.MapReplays();
        api.MapApprovals();
        api.MapPlanning();
        api.MapFiles();
        api.MapEvidence();
        api.MapTasks();
        api.MapAgents();
        api.MapFeed();
        api.MapDefinitions();
        api.MapDeployments();
        api.MapDeadLetters();
        api.MapRetention();
        api.MapHealth();
        routes.MapApprovalLinks();
        routes.MapLoopTasks();
        routes.MapOpenApi().AllowAnonymous();
    }
}
