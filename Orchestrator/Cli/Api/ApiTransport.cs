using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Sends requests to one orchestrator and turns what can go wrong into <see cref="ApiProblemException"/> and <see cref="ServerUnreachableException"/>.</summary>
internal sealed class ApiTransport : IDisposable
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BusyLimit = TimeSpan.FromSeconds(30);
    private readonly HttpClient _http;

    public ApiTransport(Uri server, string? apiKey)
    {
        Server = server;
        ApiKey = string.IsNullOrEmpty(apiKey) ? null : apiKey;
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // A proxy of the environment has no business between a machine and itself.
            UseProxy = !server.IsLoopback,
            AllowAutoRedirect = false,
        };
        _http = new HttpClient(handler) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("stack-cli", ProductVersion.OfThisCommand));
        if (ApiKey is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ApiKey);
        }
    }

    public Uri Server { get; }

    public string? ApiKey { get; }

    public async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);
        return await ReadAsync<T>(response, cancellationToken);
    }

    public async Task<T> PostAsync<T>(string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = content }, cancellationToken);
        return await ReadAsync<T>(response, cancellationToken);
    }

    /// <summary>Posts what takes its time.</summary>
    public async Task<T> PostAsync<T>(string path, HttpContent? content, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        using var response = await Guard(token => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), patience, cancellationToken);
        return response.IsSuccessStatusCode ? await ReadAsync<T>(response, cancellationToken) : throw await RefusalAsync(response, cancellationToken);
    }

    /// <summary>Reads an answer whose content is the same whatever its status says, as that of a health check is.</summary>
    public async Task<T> GetWithAnyStatusAsync<T>(string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        using var response = await Guard(token => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellationToken);
        return await ReadAsync<T>(response, cancellationToken);
    }

    /// <summary>Sends a request and waits for the head of its answer. When there is too much at once, and the answer says when to come again, it comes again.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await Guard(token => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellationToken);
        for (var waited = TimeSpan.Zero; response.StatusCode == HttpStatusCode.TooManyRequests && response.Headers.RetryAfter?.Delta is { } wait && (waited += wait) <= BusyLimit;)
        {
            // Such an answer says that nothing was stored.
            response.Dispose();
            await Task.Delay(wait, cancellationToken);
            request = Again(request);
            response = await Guard(token => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellationToken);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await RefusalAsync(response, cancellationToken);
        }
    }

    /// <summary>Reads the body of an answer as JSON.</summary>
    public async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var bytes = await Guard(response.Content.ReadAsByteArrayAsync, cancellationToken);
        try
        {
            return JsonSerializer.Deserialize<T>(bytes, StackJson.Options) ?? throw Foreign(response, null);
        }
        catch (JsonException failure)
        {
            throw Foreign(response, failure);
        }
    }

    public static HttpContent Json<T>(T value)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, StackJson.Options));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Again(HttpRequestMessage request)
    {
        var again = new HttpRequestMessage(request.Method, request.RequestUri) { Content = request.Content };
        foreach (var (name, values) in request.Headers)
        {
            again.Headers.TryAddWithoutValidation(name, values);
        }

        return again;
    }

    private Task<T> Guard<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) => Guard(call, AnswerLimit, cancellationToken);

    private async Task<T> Guard<T>(Func<CancellationToken, Task<T>> call, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            return await call(limit.Token);
        }
        catch (HttpRequestException failure)
        {
            throw new ServerUnreachableException(Server, ServerUnreachableException.ReasonOf(failure), failure);
        }
        catch (OperationCanceledException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ServerUnreachableException(Server, $"no answer within {patience.TotalSeconds:0} s", failure);
        }
    }

    private async Task<Exception> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var bytes = await Guard(response.Content.ReadAsByteArrayAsync, cancellationToken);
        try
        {
            if (JsonSerializer.Deserialize<ProblemResource>(bytes, StackJson.Options) is { } problem)
            {
                return new ApiProblemException(problem, response.Headers.RetryAfter?.Delta);
            }
        }
        catch (JsonException)
        {
            // Not problem details: the answer of something else on the way or at the address.
        }

        return Foreign(response, null);
    }

    private ServerUnreachableException Foreign(HttpResponseMessage response, Exception? cause) => new(
        Server,
        $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri?.AbsolutePath} was answered with {(int)response.StatusCode} {response.ReasonPhrase} and no such content as an orchestrator sends; another program may listen there",
        cause);
}
