using Stack.Contracts;

namespace Stack.Engine;

public sealed partial class InMemoryStore
{
    /// <inheritdoc />
    public Task<DeploymentResource> PutDeploymentAsync(DeploymentResource deployment, CancellationToken cancellationToken) =>
        Write(
            state =>
            {
                var stored = state.Deployments.GetValueOrDefault(deployment.Name);
                var now = stored?.Release == deployment.Release ? deployment with { Desired = stored.Desired } : deployment;
                return (state with { Deployments = state.Deployments.SetItem(now.Name, now) }, now);
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<DeploymentResource?> DesireDeploymentAsync(string name, DesiredState desired, DateTimeOffset at, CancellationToken cancellationToken) =>
        Write(
            state =>
            {
                if (!state.Deployments.TryGetValue(name, out var stored))
                {
                    return (state, null);
                }

                var now = stored with { Desired = desired, UpdatedAt = at };
                return (state with { Deployments = state.Deployments.SetItem(name, now) }, (DeploymentResource?)now);
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<DeploymentResource>> ListDeploymentsAsync(CancellationToken cancellationToken) =>
        Read<IReadOnlyList<DeploymentResource>>(state => [.. state.Deployments.Values], cancellationToken);
}
