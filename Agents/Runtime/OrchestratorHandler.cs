using System.Net.Http.Headers;
using Stack.Messaging.Http;

namespace Stack.Agents.Runtime;

/// <summary>Sends requests to the orchestrator that answers, with the agent's token.</summary>
/// <param name="token">The token.</param>
/// <param name="addresses">Where the orchestrators are.</param>
internal sealed class OrchestratorHandler(AgentToken token, OrchestratorAddresses addresses) : DelegatingHandler
{
    /// <inheritdoc />
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (token.Value is { } value)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", value);
        }

        var address = addresses.Current;
        if (request.RequestUri is { } uri && addresses.Have(uri) && uri.Authority != address.Authority)
        {
            request.RequestUri = new UriBuilder(uri) { Scheme = address.Scheme, Host = address.Host, Port = address.Port }.Uri;
        }

        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException)
        {
            addresses.Failed(address);
            throw;
        }
    }
}
