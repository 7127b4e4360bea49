using Microsoft.AspNetCore.Http.HttpResults;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api;

/// <summary>Programs that deployment stages put into service: agents write what they observe, people what they want.</summary>
internal static class Deployments
{
    public static void MapDeployments(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/deployments").WithTags("Deployments");
        group.MapGet("", ListAsync).WithSummary("List deployments");
        group.MapGet("/{name}", ShowAsync).WithSummary("Show a deployment").Produces<DeploymentResource>();
        group.MapPut("/{name}", PutAsync).Require(Scope.Agent).WithSummary("Report a deployment (agents)")
            .WithDescription("What is desired stays as people set it, unless the release is another one.").Produces<DeploymentResource>();
        group.MapPost("/{name}/stop", StopAsync).Require(Scope.Write).WithSummary("Stop a deployment").Produces<DeploymentResource>();
        group.MapPost("/{name}/start", StartAsync).Require(Scope.Write).WithSummary("Start a deployment again").Produces<DeploymentResource>();
    }

    private static async Task<Ok<DeploymentList>> ListAsync(IDeploymentStore store, CancellationToken cancellationToken) =>
        TypedResults.Ok(new DeploymentList(await store.ListDeploymentsAsync(cancellationToken)));

    private static async Task<IResult> ShowAsync(string name, IDeploymentStore store, CancellationToken cancellationToken) =>
        (await store.ListDeploymentsAsync(cancellationToken)).FirstOrDefault(deployment => deployment.Name == name) is { } found ? TypedResults.Ok(found) : Unknown(name);

    private static async Task<IResult> PutAsync(string name, DeploymentResource deployment, IDeploymentStore store, CancellationToken cancellationToken)
    {
        if (deployment.Name != name || !DefinitionNames.IsValid(name))
        {
            return Problem.Of(ProblemTypes.InvalidRequest, deployment.Name != name ? $"name: '{deployment.Name}' is not the name in the path, '{name}'." : $"name: '{name}' is not a name. {DefinitionNames.Rule}");
        }

        return TypedResults.Ok(await store.PutDeploymentAsync(deployment, cancellationToken));
    }

    private static Task<IResult> StopAsync(string name, IDeploymentStore store, TimeProvider time, CancellationToken cancellationToken) =>
        DesireAsync(name, DesiredState.Stopped, store, time, cancellationToken);

    private static Task<IResult> StartAsync(string name, IDeploymentStore store, TimeProvider time, CancellationToken cancellationToken) =>
        DesireAsync(name, DesiredState.Running, store, time, cancellationToken);

    private static async Task<IResult> DesireAsync(string name, DesiredState desired, IDeploymentStore store, TimeProvider time, CancellationToken cancellationToken) =>
        await store.DesireDeploymentAsync(name, desired, time.GetUtcNow(), cancellationToken) is { } deployment ? TypedResults.Ok(deployment) : Unknown(name);

    private static Problem Unknown(string name) => Problem.NotFound("deployment", name, "GET /api/v1/deployments lists the deployments.");
}
