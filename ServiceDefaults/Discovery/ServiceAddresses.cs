using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Stack.ServiceDefaults.Discovery;

/// <summary>
/// Finds the address of a service from configuration: <c>services:{name}:{scheme or endpoint}:{n}</c>, as the application host sets it
/// in the environment (<c>services__orchestrator__http__0</c>).
/// </summary>
/// <remarks>
/// <c>http://name</c> asks for the key <c>http</c>, <c>https+http://name</c> for the first of the two that exists, <c>http://_web.name</c> for the endpoint
/// <c>web</c>; the key <c>default</c> answers when no other does. Several addresses are taken in turn. A host with a dot or a port is an address already,
/// not a name. Thread-safe; follows configuration reloads.
/// </remarks>
internal sealed class ServiceAddresses : IDisposable
{
    private readonly IConfiguration configuration;
    private readonly IDisposable reload;
    private readonly ConcurrentDictionary<(string Scheme, string Host), Uri[]> known = new();
    private int turn;

    public ServiceAddresses(IConfiguration configuration)
    {
        this.configuration = configuration;
        reload = ChangeToken.OnChange(configuration.GetReloadToken, known.Clear);
    }

    /// <summary>The address to call instead of <paramref name="uri"/>, or <paramref name="uri"/> itself when its host is no known name.</summary>
    internal Uri Resolve(Uri uri)
    {
        if (!uri.IsAbsoluteUri || !CouldBeName(uri))
        {
            return uri;
        }

        var addresses = known.GetOrAdd((uri.Scheme, uri.Host), key => Find(key.Scheme.Split('+'), key.Host));
        if (addresses.Length == 0)
        {
            return uri.Scheme.Contains('+', StringComparison.Ordinal) ? Rewrite(uri, uri.Scheme.Split('+')[0], uri.Host, -1, "") : uri;
        }

        var next = (uint)Interlocked.Increment(ref turn) % (uint)addresses.Length;
        var address = addresses[next];
        return Rewrite(uri, address.Scheme, address.Host, address.Port, address.AbsolutePath.TrimEnd('/'));
    }

    public void Dispose() => reload.Dispose();

    private static bool CouldBeName(Uri uri)
        => uri.Scheme.Contains('+', StringComparison.Ordinal)
            || (uri.IsDefaultPort && uri.Host != "localhost" && (uri.Host.StartsWith('_') || !uri.Host.AsSpan().ContainsAny('.', ':')));

    private static Uri Rewrite(Uri uri, string scheme, string host, int port, string pathPrefix)
        => new UriBuilder(uri) { Scheme = scheme, Host = host, Port = port, Path = pathPrefix + uri.AbsolutePath }.Uri;

    private Uri[] Find(string[] schemes, string host)
    {
        var name = host;
        IEnumerable<string> keys = schemes;
        if (host.StartsWith('_') && host.IndexOf('.', StringComparison.Ordinal) is > 1 and var dot)
        {
            keys = [host[1..dot]];
            name = host[(dot + 1)..];
        }

        foreach (var key in keys.Append("default"))
        {
            var section = configuration.GetSection($"services:{name}:{key}");
            var addresses = section.GetChildren().Select(child => child.Value).Prepend(section.Value)
                .OfType<string>().Where(value => value.Length > 0)
                .Select(value => Parse(value, $"services:{name}:{key}", schemes[0]))
                .ToArray();
            if (addresses.Length > 0)
            {
                return addresses;
            }
        }

        return [];
    }

    private static Uri Parse(string value, string key, string scheme)
    {
        var text = value.Contains("://", StringComparison.Ordinal) ? value : $"{scheme}://{value}";
        return Uri.TryCreate(text, UriKind.Absolute, out var address)
            ? address
            : throw new HttpRequestException(HttpRequestError.NameResolutionError, $"{key}: '{value}' is not an address; write it as http://host:port.");
    }
}
