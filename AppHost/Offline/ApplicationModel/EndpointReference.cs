namespace Aspire.Hosting.ApplicationModel;

/// <summary>A mention of an endpoint; its value is the endpoint's URL.</summary>
public sealed class EndpointReference : IExpressionValue, IValueWithReferences
{
    private EndpointAnnotation? endpointAnnotation;

    /// <summary>A mention by name; the endpoint may be declared later.</summary>
    public EndpointReference(IResourceWithEndpoints owner, string endpointName) : this(owner, endpointName, contextNetworkId: null)
    {
    }

    /// <summary>A mention by name, as seen from a network.</summary>
    public EndpointReference(IResourceWithEndpoints owner, string endpointName, NetworkIdentifier? contextNetworkId = null)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentException.ThrowIfNullOrEmpty(endpointName);
        Resource = owner;
        EndpointName = endpointName;
        ContextNetworkID = contextNetworkId;
    }

    /// <summary>A mention of a declared endpoint.</summary>
    public EndpointReference(IResourceWithEndpoints owner, EndpointAnnotation endpoint) : this(owner, endpoint, contextNetworkId: null)
    {
    }

    /// <summary>A mention of a declared endpoint, as seen from a network.</summary>
    public EndpointReference(IResourceWithEndpoints owner, EndpointAnnotation endpoint, NetworkIdentifier? contextNetworkId)
        : this(owner, endpoint.Name, contextNetworkId)
    {
        endpointAnnotation = endpoint;
    }

    /// <summary>The resource that has the endpoint.</summary>
    public IResourceWithEndpoints Resource { get; }

    /// <summary>The name of the endpoint.</summary>
    public string EndpointName { get; }

    /// <summary>The network it is mentioned in; null means the one of whoever asks.</summary>
    public NetworkIdentifier? ContextNetworkID { get; }

    /// <summary>What to say when the endpoint does not exist; null for the usual words.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>The endpoint; throws when the resource has none of that name.</summary>
    public EndpointAnnotation EndpointAnnotation => Find() ?? throw new InvalidOperationException(
        ErrorMessage ?? $"The endpoint '{EndpointName}' does not exist on resource '{Resource.Name}'. Its endpoints: {DeclaredEndpoints()}.");

    /// <summary>Whether the resource has the endpoint.</summary>
    public bool Exists => Find() is not null;

    /// <summary>Whether the endpoint has its address.</summary>
    public bool IsAllocated => Exists && EndpointAnnotation.AllocatedEndpoint is not null;

    /// <summary>Whether the scheme is http.</summary>
    public bool IsHttp => Scheme == "http";

    /// <summary>Whether the scheme is https.</summary>
    public bool IsHttps => Scheme == "https";

    /// <summary>Whether the endpoint is named as its scheme, http or https.</summary>
    public bool IsHttpSchemeNamedEndpoint => EndpointName is "http" or "https";

    /// <summary>Whether the endpoint speaks TLS.</summary>
    public bool TlsEnabled => EndpointAnnotation.TlsEnabled;

    /// <summary>Whether a reference to the resource as a whole leaves the endpoint out.</summary>
    public bool ExcludeReferenceEndpoint => EndpointAnnotation.ExcludeReferenceEndpoint;

    /// <summary>The scheme.</summary>
    public string Scheme => EndpointAnnotation.UriScheme;

    /// <summary>The port that others use; throws until it is known.</summary>
    public int Port => Allocated.Port;

    /// <summary>The host; throws until it is known.</summary>
    public string Host => Allocated.Address;

    /// <summary>The URL; throws until it is known.</summary>
    public string Url => Allocated.UriString;

    /// <summary>The port that the resource itself listens on; null when nobody said.</summary>
    public int? TargetPort => EndpointAnnotation.TargetPort;

    string IManifestExpressionProvider.ValueExpression => $"{{{Resource.Name}.bindings.{EndpointName}.url}}";

    IEnumerable<object> IValueWithReferences.References => [Resource];

    private AllocatedEndpoint Allocated => EndpointAnnotation.AllocatedEndpoint
        ?? throw new InvalidOperationException($"The endpoint '{EndpointName}' of resource '{Resource.Name}' has no address yet.");

    /// <summary>A part of the address.</summary>
    public EndpointReferenceExpression Property(EndpointProperty property) => new(this, property);

    /// <summary>One text or another, depending on whether the endpoint speaks TLS.</summary>
    public ReferenceExpression GetTlsValue(ReferenceExpression enabledValue, ReferenceExpression disabledValue) =>
        ReferenceExpression.CreateConditional(Property(EndpointProperty.TlsEnabled), bool.TrueString, enabledValue, disabledValue);

    /// <inheritdoc/>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => Property(EndpointProperty.Url).GetValueAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default) =>
        Property(EndpointProperty.Url).GetValueAsync(context, cancellationToken);

    private EndpointAnnotation? Find() => endpointAnnotation ??= Resource.Annotations.OfType<EndpointAnnotation>()
        .FirstOrDefault(endpoint => string.Equals(endpoint.Name, EndpointName, StringComparison.OrdinalIgnoreCase));

    private string DeclaredEndpoints()
    {
        var names = Resource.Annotations.OfType<EndpointAnnotation>().Select(endpoint => $"'{endpoint.Name}'").ToArray();
        return names.Length == 0 ? "none" : string.Join(", ", names);
    }
}
