using System.Globalization;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A part of an endpoint's address.</summary>
public enum EndpointProperty
{
    /// <summary>Scheme, host and port.</summary>
    Url = 0,

    /// <summary>The host name.</summary>
    Host = 1,

    /// <summary>The host as a version 4 address.</summary>
    IPV4Host = 2,

    /// <summary>The port that others use.</summary>
    Port = 3,

    /// <summary>The scheme.</summary>
    Scheme = 4,

    /// <summary>The port that the resource itself listens on.</summary>
    TargetPort = 5,

    /// <summary>Host and port.</summary>
    HostAndPort = 6,

    /// <summary>True or False.</summary>
    TlsEnabled = 7,
}

/// <summary>A mention of a part of an endpoint's address.</summary>
public class EndpointReferenceExpression(EndpointReference endpointReference, EndpointProperty property) : IExpressionValue, IValueWithReferences
{
    /// <summary>The endpoint.</summary>
    public EndpointReference Endpoint { get; } = endpointReference;

    /// <summary>The part.</summary>
    public EndpointProperty Property { get; } = property;

    /// <inheritdoc/>
    public string ValueExpression => Property == EndpointProperty.HostAndPort
        ? Endpoint.Property(EndpointProperty.Host).ValueExpression + ":" + Endpoint.Property(EndpointProperty.Port).ValueExpression
        : $"{{{Endpoint.Resource.Name}.bindings.{Endpoint.EndpointName}.{Placeholder}}}";

    IEnumerable<object> IValueWithReferences.References => [Endpoint];

    private string Placeholder => Property switch
    {
        EndpointProperty.Url => "url",
        EndpointProperty.Host or EndpointProperty.IPV4Host => "host",
        EndpointProperty.Port => "port",
        EndpointProperty.Scheme => "scheme",
        EndpointProperty.TargetPort => "targetPort",
        EndpointProperty.TlsEnabled => "tlsEnabled",
        _ => throw new InvalidOperationException($"'{Property}' is no part of an address."),
    };

    /// <inheritdoc/>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => GetValueAsync(new ValueProviderContext(), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default)
    {
        var endpoint = Endpoint.EndpointAnnotation;
        switch (Property)
        {
            case EndpointProperty.Scheme:
                return endpoint.UriScheme;
            case EndpointProperty.TlsEnabled:
                return endpoint.TlsEnabled.ToString();
            case EndpointProperty.IPV4Host when NetworkOf(context, endpoint) == KnownNetworkIdentifiers.LocalhostNetwork:
                return "127.0.0.1";
            case EndpointProperty.TargetPort when endpoint.TargetPort is { } declared:
                return declared.ToString(CultureInfo.InvariantCulture);
        }
        var address = await endpoint.AllAllocatedEndpoints.GetAllocatedEndpointAsync(NetworkOf(context, endpoint), cancellationToken);
        return Property switch
        {
            EndpointProperty.Url => address.UriString,
            EndpointProperty.Host or EndpointProperty.IPV4Host => address.Address,
            EndpointProperty.Port => address.Port.ToString(CultureInfo.InvariantCulture),
            EndpointProperty.HostAndPort => address.EndPointString,
            EndpointProperty.TargetPort => address.TargetPortExpression ?? address.Port.ToString(CultureInfo.InvariantCulture),
            _ => throw new InvalidOperationException($"'{Property}' is no part of an address."),
        };
    }

    private NetworkIdentifier NetworkOf(ValueProviderContext context, EndpointAnnotation endpoint) =>
        Endpoint.ContextNetworkID ?? context.Network ?? endpoint.DefaultNetworkID;
}
