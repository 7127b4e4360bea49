using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Keeps deployments, one per name. Thread-safe; durable on return.</summary>
public interface IDeploymentStore
{
    /// <summary>Writes what an agent observed. What is desired stays as people set it, unless the release is another one.</summary>
    /// <param name="deployment">The deployment.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What stands now.</returns>
    Task<DeploymentResource> PutDeploymentAsync(DeploymentResource deployment, CancellationToken cancellationToken);

    /// <summary>Writes what is desired.</summary>
    /// <param name="name">The deployment.</param>
    /// <param name="desired">What is desired.</param>
    /// <param name="at">When.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What stands now, or null when there is no such deployment.</returns>
    Task<DeploymentResource?> DesireDeploymentAsync(string name, DesiredState desired, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>All deployments, by name.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<DeploymentResource>> ListDeploymentsAsync(CancellationToken cancellationToken);
}
