using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Stack.Orchestrator.Gateway.Conversations;

namespace Stack.Orchestrator.Gateway.Providers;

/// <summary>HTTP to one provider: requests in JSON, answers in JSON or in lines, and every failure as a <see cref="ModelFailure"/> that names the provider.</summary>
/// <param name="http">The connections, shared by all providers.</param>
/// <param name="name">The provider's name, for messages.</param>
/// <param name="address">Its address; paths are added to it.</param>
/// <param name="authorize">Adds the key to a request.</param>
internal sealed class ProviderHttp(HttpClient http, string name, Uri address, Action<HttpRequestHeaders> authorize)
{
    private const int MaxErrorLength = 600;

    /// <summary>The provider's name and address, for messages.</summary>
    public string Who => $"Provider '{name}' at {address}";

    /// <summary>Sends and reads a whole answer.</summary>
    public async Task<JsonElement> JsonAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(method, path, body, cancellationToken);
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            using var document = await JsonDocument.ParseAsync(stream, default, cancellationToken);
            return document.RootElement.Clone();
        }
        catch (JsonException broken)
        {
            throw Unreadable($"The answer to {path} is not JSON: {broken.Message}", broken);
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException)
        {
            throw new ModelFailure(FailureKind.Cut, $"{Who} broke off in the middle of its answer: {lost.Message}", lost);
        }
    }

    /// <summary>Sends and reads lines as they come; empty ones are left out.</summary>
    /// <exception cref="ModelFailure">The connection broke.</exception>
    public async IAsyncEnumerable<string> LinesAsync(string path, JsonObject body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Post, path, body, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var reader = new StreamReader(stream);
        while (await ReadLineAsync(reader, cancellationToken) is { } line)
        {
            if (line.Length > 0)
            {
                yield return line;
            }
        }
    }

    /// <summary>Reads a line of JSON.</summary>
    public JsonElement Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException broken)
        {
            throw Unreadable($"A part of its answer is not JSON: '{Shorten(text)}'.", broken);
        }
    }

    /// <summary>Reads vectors.</summary>
    /// <param name="found">The vectors, as they stand in the answer.</param>
    /// <param name="count">How many there have to be.</param>
    /// <exception cref="ModelFailure">There are others, or some are no lists of numbers.</exception>
    public IReadOnlyList<float[]> VectorsOf(IEnumerable<JsonElement> found, int count)
    {
        var vectors = found.Select(Json.Vector).OfType<float[]>().ToList();
        return vectors.Count == count ? vectors : throw Unreadable($"There are {vectors.Count} vectors for {count} texts.");
    }

    /// <summary>The answer is not what the protocol says.</summary>
    public ModelFailure Unreadable(string what, Exception? inner = null) =>
        new(FailureKind.Unreadable, $"{Who} answered with something that is no answer. {what} Check that the address is that of a server of the configured kind.", inner);

    /// <summary>The answer ended without its end.</summary>
    public ModelFailure Cut() => new(FailureKind.Cut, $"{Who} broke off in the middle of its answer: the stream ended without its last part.");

    /// <summary>The provider reported an error inside its answer.</summary>
    public ModelFailure InStream(string message) => new(FailureKind.Cut, $"{Who} broke off in the middle of its answer: {Shorten(message)}");

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri($"{address.ToString().TrimEnd('/')}{path}"));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body)) { Headers = { ContentType = new("application/json") } };
        }

        authorize(request.Headers);
        try
        {
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                var text = await response.Content.ReadAsStringAsync(cancellationToken);
                throw Failure(response.StatusCode, ErrorText(text), response.Headers.RetryAfter?.Delta);
            }
        }
        catch (HttpRequestException unreachable)
        {
            throw new ModelFailure(FailureKind.Unavailable, $"{Who} cannot be reached: {unreachable.Message} Start it, or correct 'url' in the gateway's file.", unreachable);
        }
        catch (IOException lost)
        {
            throw new ModelFailure(FailureKind.Unavailable, $"{Who} broke the connection: {lost.Message}", lost);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ModelFailure(FailureKind.Unavailable, $"{Who} does not accept connections: {late.Message} Start it, or correct 'url' in the gateway's file.", late);
        }
    }

    private async ValueTask<string?> ReadLineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException)
        {
            throw new ModelFailure(FailureKind.Cut, $"{Who} broke off in the middle of its answer: {lost.Message}", lost);
        }
    }

    private ModelFailure Failure(HttpStatusCode status, string text, TimeSpan? retryAfter)
    {
        var said = $"{Who} answered {(int)status}: {text}";
        var tools = text.Contains("does not support tools", StringComparison.OrdinalIgnoreCase) || text.Contains("tool", StringComparison.OrdinalIgnoreCase) && text.Contains("support", StringComparison.OrdinalIgnoreCase);
        return status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new(FailureKind.Unauthorized, $"{said} Give it a key that is valid: 'api_key_env' of '{name}' in the gateway's file names the variable that holds it."),
            HttpStatusCode.TooManyRequests => new(FailureKind.Throttled, $"{said} Wait, or add a fallback.") { RetryAfter = retryAfter },
            HttpStatusCode.NotFound => new(FailureKind.ModelMissing, $"{said} Correct the model's 'name' in the gateway's file, or pull the model."),
            HttpStatusCode.RequestTimeout => new(FailureKind.TimedOut, said),
            >= HttpStatusCode.InternalServerError => new(FailureKind.Unavailable, said) { RetryAfter = retryAfter },
            _ when text.Contains("context_length", StringComparison.OrdinalIgnoreCase) || text.Contains("context length", StringComparison.OrdinalIgnoreCase) || text.Contains("prompt is too long", StringComparison.OrdinalIgnoreCase) =>
                new(FailureKind.ContextTooLong, said),
            _ => new(FailureKind.Refused, said) { IsAboutTools = tools },
        };
    }

    private static string ErrorText(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind is JsonValueKind.Object && document.RootElement.TryGetProperty("error", out var error))
            {
                return Shorten(error.ValueKind is JsonValueKind.Object && error.TryGetProperty("message", out var message) ? message.ToString() : error.ToString());
            }
        }
        catch (JsonException)
        {
            // Something else than the provider answered; its text has to do.
        }

        return body.Length == 0 ? "(nothing)" : Shorten(body);
    }

    private static string Shorten(string text) => text.Length <= MaxErrorLength ? text : text[..MaxErrorLength] + "…";
}
