using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>How to find out from inside a container whether it is healthy.</summary>
internal abstract record ServiceProbe
{
    private ServiceProbe()
    {
    }

    /// <summary>Healthy when a GET is answered with the status.</summary>
    /// <param name="EndpointName">The endpoint that is asked.</param>
    /// <param name="Path">What is asked for.</param>
    /// <param name="Status">The expected status.</param>
    internal sealed record Http(string EndpointName, string Path, int Status) : ServiceProbe;

    /// <summary>Healthy when a shell line ends with 0.</summary>
    /// <param name="Line">The line, with the variables of the container.</param>
    /// <param name="IsHeavy">Whether it costs so much that it is asked seldom.</param>
    internal sealed record Shell(string Line, bool IsHeavy) : ServiceProbe;

    /// <summary>What the servers bring with them to ask how they are; null for a resource that is none of them.</summary>
    internal static ServiceProbe? OfServer(IResource resource) => resource switch
    {
        // Over TCP: while it makes its database the server answers on its socket only.
        PostgresServerResource => new Shell("pg_isready -q -h 127.0.0.1 -U \"$POSTGRES_USER\"", IsHeavy: false),
        RedisResource { PasswordParameter: null } => new Shell("redis-cli ping | grep -q PONG", IsHeavy: false),
        RedisResource => new Shell("REDISCLI_AUTH=\"$REDIS_PASSWORD\" redis-cli ping | grep -q PONG", IsHeavy: false),
        RabbitMQServerResource => new Shell("rabbitmq-diagnostics -q check_port_connectivity", IsHeavy: true),
        _ => null,
    };
}

/// <summary>What a GET says about the health of the resource; the first such check counts in a deployment.</summary>
internal sealed class HttpHealthCheckAnnotation(string endpointName, string path, int status) : IResourceAnnotation
{
    internal string EndpointName { get; } = endpointName;

    internal string Path { get; } = path;

    internal int Status { get; } = status;
}
