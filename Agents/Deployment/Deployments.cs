using Stack.Contracts;

namespace Stack.Agents.Deployment;

/// <summary>The orchestrator's list of deployments.</summary>
/// <param name="client">Its API.</param>
internal sealed class Deployments(HttpClient client)
{
    private const string Address = "api/v1/deployments";

    /// <summary>Lists all deployments.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="HttpRequestException">The orchestrator does not answer, or refuses.</exception>
    public async Task<IReadOnlyList<DeploymentResource>> ListAsync(CancellationToken cancellationToken) =>
        (await client.GetFromJsonAsync<DeploymentList>(Address, StackJson.Options, cancellationToken))?.Deployments ?? [];

    /// <summary>Writes what is known of a deployment. What is wanted of it stays as it is stored, unless the release is another.</summary>
    /// <param name="deployment">The deployment.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="HttpRequestException">The orchestrator does not answer, or refuses.</exception>
    public async Task WriteAsync(DeploymentResource deployment, CancellationToken cancellationToken)
    {
        using var response = await client.PutAsJsonAsync($"{Address}/{Uri.EscapeDataString(deployment.Name)}", deployment, StackJson.Options, cancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
