using Microsoft.AspNetCore.Http.HttpResults;
using Stack.Contracts;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api;

/// <summary>Agents as people see them: list, show.</summary>
internal static class Agents
{
    public static void MapAgents(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/agents").WithTags("Agents");
        group.MapGet("", ListAsync).WithSummary("List agents by type");
        group.MapGet("/{agent_id}", ShowAsync).WithSummary("Show an agent").Produces<AgentResource>();
    }

    private static async Task<Ok<AgentList>> ListAsync(IAgentRegistry registry, CancellationToken cancellationToken) =>
        TypedResults.Ok(new AgentList(await registry.ListAsync(cancellationToken)));

    private static async Task<IResult> ShowAsync(string agent_id, IAgentRegistry registry, CancellationToken cancellationToken) =>
        (await registry.ListAsync(cancellationToken)).FirstOrDefault(agent => agent.AgentId.Value == agent_id) is { } found
            ? TypedResults.Ok(found)
            : Problem.NotFound("agent", agent_id, "GET /api/v1/agents lists the agents.");
}
