using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Finds what a workflow put into service.</summary>
internal static class Deployments
{
    public static async Task<IReadOnlyList<DeploymentResource>> OfAsync(ApiClient api, WorkflowResource workflow, CancellationToken cancellationToken) =>
        [.. (await api.ListDeploymentsAsync(cancellationToken)).Deployments.Where(deployment => deployment.WorkflowId == workflow.Id)];
}
