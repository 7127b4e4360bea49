using System.Net.Http.Headers;
using Stack.ServiceDefaults.Resilience;

namespace Stack.ServiceDefaults.Preflight;

/// <summary>Passes when a GET answers with a success status. Service names are resolved as everywhere.</summary>
internal sealed class HttpPreflightCheck(string name, Uri address, IHttpClientFactory clients, string remedy) : IPreflightCheck
{
    public string Name => name;

    public string Remedy => remedy;

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(nameof(HttpPreflightCheck));
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        // The preflight repeats by itself and must see each failure.
        request.WithoutResilience();
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"GET {address} answered {(int)response.StatusCode} {response.ReasonPhrase}", null, response.StatusCode);
        }
    }
}
