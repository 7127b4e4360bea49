using Microsoft.Extensions.DependencyInjection;

namespace Stack.ServiceDefaults.Discovery;

/// <summary>Sends a request for a service's name to one of its addresses. The request keeps the name, so that a retry may go elsewhere.</summary>
internal sealed class ServiceAddressHandler(ServiceAddresses addresses) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var named = request.RequestUri;
        Address(request);
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        finally
        {
            request.RequestUri = named;
        }
    }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var named = request.RequestUri;
        Address(request);
        try
        {
            return base.Send(request, cancellationToken);
        }
        finally
        {
            request.RequestUri = named;
        }
    }

    private void Address(HttpRequestMessage request)
    {
        if (request.RequestUri is { } uri)
        {
            request.RequestUri = addresses.Resolve(uri);
        }
    }
}

internal static class ServiceAddressHttpClientExtensions
{
    internal static IHttpClientBuilder AddServiceAddresses(this IHttpClientBuilder builder)
        => builder.AddHttpMessageHandler(services => new ServiceAddressHandler(services.GetRequiredService<ServiceAddresses>()));
}
