using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>The control endpoint of a running AppHost: what there is, and start, stop, restart, kill, pause, resume.</summary>
internal sealed class HostControl : IDisposable
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);
    private readonly HttpClient _http;
    private readonly Uri _address;

    public HostControl(HostFile host)
    {
        _address = host.Address;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(5) }) { BaseAddress = host.Address, Timeout = AnswerLimit };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", host.Token);
    }

    public async Task<IReadOnlyList<HostResource>> ListAsync(CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, "resources", cancellationToken);
        return (await ReadAsync<HostResourceList>(response, cancellationToken)).Resources;
    }

    /// <summary>Finds a resource. Null: the application has none of that name.</summary>
    public async Task<HostResource?> FindAsync(string name, CancellationToken cancellationToken) =>
        (await ListAsync(cancellationToken)).FirstOrDefault(resource => resource.Name == name);

    /// <summary>Does something to a resource, or to one instance of it.</summary>
    /// <param name="name">The resource.</param>
    /// <param name="action">start, stop, restart, kill, pause or resume.</param>
    /// <param name="instance">The instance. Null: all of them.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False: its state does not allow it now.</returns>
    /// <exception cref="ApiProblemException">The host refused for another reason.</exception>
    /// <exception cref="HostUnreachableException">The host went away.</exception>
    public async Task<bool> TryCommandAsync(string name, string action, string? instance, CancellationToken cancellationToken)
    {
        var query = instance is null ? "" : $"?instance={Uri.EscapeDataString(instance)}";
        using var response = await SendAsync(HttpMethod.Post, $"resources/{Uri.EscapeDataString(name)}/{action}{query}", cancellationToken);
        if (response.StatusCode is HttpStatusCode.Conflict)
        {
            return false;
        }

        if (!response.IsSuccessStatusCode)
        {
            throw new ApiProblemException(await ProblemAsync(response, cancellationToken));
        }

        return true;
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path);
            return await _http.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException failure)
        {
            throw Unreachable(ServerUnreachableException.ReasonOf(failure), failure);
        }
        catch (OperationCanceledException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unreachable($"no answer within {AnswerLimit.TotalSeconds:0} s", failure);
        }
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new ApiProblemException(await ProblemAsync(response, cancellationToken));
        }

        try
        {
            return JsonSerializer.Deserialize<T>(await response.Content.ReadAsByteArrayAsync(cancellationToken), StackJson.Options)
                ?? throw Unreachable("it answered with nothing", null);
        }
        catch (JsonException failure)
        {
            throw Unreachable($"it answered with something else ({failure.Message})", failure);
        }
    }

    private static async Task<ProblemResource> ProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            if (JsonSerializer.Deserialize<ProblemResource>(await response.Content.ReadAsByteArrayAsync(cancellationToken), StackJson.Options) is { } problem)
            {
                return problem;
            }
        }
        catch (JsonException)
        {
            // Not problem details; the status has to do.
        }

        return new ProblemResource { Type = ProblemTypes.Internal, Title = $"The AppHost answered with {(int)response.StatusCode} {response.ReasonPhrase}", Status = (int)response.StatusCode };
    }

    private HostUnreachableException Unreachable(string reason, Exception? cause) => new($"The AppHost does not answer at {_address}: {reason}.", cause);
}
