using System.Net.Http.Headers;
using Stack.Messaging.Http;

namespace Stack.Agents.Runtime;

/// <summary>Adds the agent's token to requests for the orchestrator.</summary>
/// <param name="token">The token.</param>
internal sealed class AgentTokenHandler(AgentToken token) : DelegatingHandler
{
    /// <inheritdoc />
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (token.Value is { } value)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", value);
        }

        return base.SendAsync(request, cancellationToken);
    }
}
