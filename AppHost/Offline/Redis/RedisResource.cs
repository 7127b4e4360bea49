namespace Aspire.Hosting.ApplicationModel;

/// <summary>A Redis server.</summary>
public class RedisResource : ContainerResource, IResourceWithConnectionString
{
    internal const string PrimaryEndpointName = "tcp";

    /// <summary>A server without a password.</summary>
    public RedisResource(string name) : base(name) => PrimaryEndpoint = new(this, PrimaryEndpointName);

    /// <summary>A server with a password.</summary>
    public RedisResource(string name, ParameterResource password) : this(name)
    {
        ArgumentNullException.ThrowIfNull(password);
        PasswordParameter = password;
        // The password reaches the server through a variable that a shell expands.
        ShellExecution = true;
    }

    /// <summary>The endpoint clients connect to.</summary>
    public EndpointReference PrimaryEndpoint { get; }

    /// <summary>Its host.</summary>
    public EndpointReferenceExpression Host => PrimaryEndpoint.Property(EndpointProperty.Host);

    /// <summary>Its port.</summary>
    public EndpointReferenceExpression Port => PrimaryEndpoint.Property(EndpointProperty.Port);

    /// <summary>The password; null means none.</summary>
    public ParameterResource? PasswordParameter { get; internal set; }

    /// <summary>Whether clients speak TLS.</summary>
    public bool TlsEnabled => PrimaryEndpoint.TlsEnabled;

    /// <inheritdoc/>
    public ReferenceExpression ConnectionStringExpression
    {
        get
        {
            if (this.TryGetLastAnnotation<ConnectionStringRedirectAnnotation>(out var redirect))
            {
                return redirect.Resource.ConnectionStringExpression;
            }
            var expression = new ReferenceExpressionBuilder();
            expression.Append($"{PrimaryEndpoint.Property(EndpointProperty.HostAndPort)}");
            if (PasswordParameter is not null)
            {
                expression.Append($",password={PasswordParameter}");
            }
            expression.Append($"{PrimaryEndpoint.GetTlsValue(ReferenceExpression.Create($",ssl=true"), ReferenceExpression.Empty)}");
            return expression.Build();
        }
    }

    /// <summary>The address with the password.</summary>
    public ReferenceExpression UriExpression
    {
        get
        {
            var scheme = PrimaryEndpoint.Property(EndpointProperty.Scheme);
            return PasswordParameter is null
                ? ReferenceExpression.Create($"{scheme}://{Host}:{Port}")
                : ReferenceExpression.Create($"{scheme}://:{PasswordParameter:uri}@{Host}:{Port}");
        }
    }

    /// <inheritdoc/>
    public ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) => ConnectionStringExpression.GetValueAsync(cancellationToken);

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties()
    {
        yield return new("Host", ReferenceExpression.Create($"{Host}"));
        yield return new("Port", ReferenceExpression.Create($"{Port}"));
        if (PasswordParameter is not null)
        {
            yield return new("Password", ReferenceExpression.Create($"{PasswordParameter}"));
        }
        yield return new("Uri", UriExpression);
    }
}

/// <summary>How often the server writes its data to disk.</summary>
internal sealed class RedisPersistenceAnnotation(TimeSpan interval, long keysChangedThreshold) : IResourceAnnotation
{
    internal TimeSpan Interval { get; } = interval;

    internal long KeysChangedThreshold { get; } = keysChangedThreshold;
}
