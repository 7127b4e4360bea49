using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Stack.Contracts;

namespace Stack.Messaging.Http;

/// <summary>Sends the feed's requests: time limits, the token, errors as <see cref="TaskFeedException"/>, and tries again what may succeed later.</summary>
internal sealed partial class FeedConnection(HttpClient client, HttpTaskFeedOptions options, AgentToken token, TimeProvider time, Random random, ILogger logger)
{
    private const int TriesPerWarning = 20;

    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private readonly OrchestratorAddresses _addresses = options.Addresses ?? new OrchestratorAddresses([options.Address], 0, time);

    /// <summary>Where calls go now.</summary>
    public Uri Address => _addresses.Current;

    /// <summary>Registers again. Set by the feed once it has registered; null before.</summary>
    public Func<string?, CancellationToken, Task>? Rejoin { get; set; }

    /// <summary>Sends once.</summary>
    /// <typeparam name="T">The answer.</typeparam>
    /// <param name="call">What is asked.</param>
    /// <param name="wait">How long the orchestrator was asked to wait before it answers.</param>
    /// <param name="read">Reads the answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<T> SendAsync<T>(FeedCall call, TimeSpan wait, Func<HttpResponseMessage, CancellationToken, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        var used = call.Token ?? token.Value;
        try
        {
            return await SendOnceAsync(call, used, wait, read, cancellationToken);
        }
        catch (TaskFeedException exception) when (exception.Status == HttpStatusCode.Unauthorized && call.Token is null && Rejoin is not null)
        {
            // The orchestrator lost the token: it was restarted, or forgot an agent that was away for long.
            await Rejoin(used, cancellationToken);
            return await SendOnceAsync(call, token.Value, wait, read, cancellationToken);
        }
    }

    /// <summary>Sends until it succeeds, is refused for good, or the token ends it.</summary>
    /// <typeparam name="T">The answer.</typeparam>
    /// <param name="call">What is asked.</param>
    /// <param name="read">Reads the answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<T> SendUntilAnsweredAsync<T>(FeedCall call, Func<HttpResponseMessage, CancellationToken, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await SendAsync(call, TimeSpan.Zero, read, cancellationToken);
            }
            catch (TaskFeedException exception) when (exception.IsTransient)
            {
                var pause = exception.RetryAfter ?? PauseAfter(tries);
                LogTryingAgain(tries % TriesPerWarning == 1 ? LogLevel.Warning : LogLevel.Debug, call.Method.Method, call.Path, tries, pause.TotalSeconds, exception.Message);
                await Task.Delay(pause, time, cancellationToken);
            }
        }
    }

    private async Task<T> SendOnceAsync<T>(
        FeedCall call, string? bearer, TimeSpan wait, Func<HttpResponseMessage, CancellationToken, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        var limit = wait + options.CallTimeout;
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var address = _addresses.Current;
        try
        {
            using var request = Request(address, call, bearer);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                // It stops, or its store does not answer it.
                _addresses.Failed(address);
            }

            if (!response.IsSuccessStatusCode && response.StatusCode != call.AlsoExpected)
            {
                throw await RefusalAsync(address, call, response, either.Token);
            }

            _addresses.Answered(address);
            return await read(response, either.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            _addresses.Failed(address);
            throw TaskFeedException.TooSlow(address, limit);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _addresses.Failed(address);
            throw TaskFeedException.Unreachable(address, exception);
        }
        catch (JsonException exception)
        {
            throw TaskFeedException.Unreadable(address, call.ToString(), exception);
        }
    }

    private static HttpRequestMessage Request(Uri address, FeedCall call, string? bearer)
    {
        var request = new HttpRequestMessage(call.Method, new Uri(address, call.Path));
        if (bearer is { Length: > 0 })
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        }

        if (call.Body is { } body)
        {
            request.Content = new ReadOnlyMemoryContent(body);
            request.Content.Headers.ContentType = Json;
        }

        return request;
    }

    private static async Task<TaskFeedException> RefusalAsync(Uri address, FeedCall call, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        ProblemResource? problem = null;
        if (response.Content.Headers.ContentType?.MediaType is "application/problem+json" or "application/json")
        {
            try
            {
                await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
                problem = await JsonSerializer.DeserializeAsync(body, StackJson.TypeOf<ProblemResource>(), cancellationToken);
            }
            catch (JsonException)
            {
                // Something else answered, for example a proxy: the status has to do.
            }
        }

        return TaskFeedException.Refused(address, call.ToString(), response.StatusCode, problem, response.Headers.RetryAfter?.Delta);
    }

    private TimeSpan PauseAfter(int tries)
    {
        var longest = Math.Min(FirstPause.TotalMilliseconds * Math.Pow(2, Math.Min(tries - 1, 20)), options.LongestPause.TotalMilliseconds);
        lock (random)
        {
            return TimeSpan.FromMilliseconds(longest * (0.5 + (random.NextDouble() / 2)));
        }
    }

    [LoggerMessage(Message = "{Method} {Path} failed {Tries} times; trying again in {Seconds:0.0} s. {Reason}")]
    private partial void LogTryingAgain(LogLevel level, string method, string path, int tries, double seconds, string reason);
}

/// <summary>One request of the feed.</summary>
/// <param name="Method">The method.</param>
/// <param name="Path">The path with its query.</param>
/// <param name="Body">The JSON body. Null: none.</param>
internal readonly record struct FeedCall(HttpMethod Method, string Path, ReadOnlyMemory<byte>? Body = null)
{
    /// <summary>A status that is an answer although it is no success. Null: none is.</summary>
    public HttpStatusCode? AlsoExpected { get; init; }

    /// <summary>A token instead of the agent's own; empty for none. Null: the agent's own.</summary>
    public string? Token { get; init; }

    /// <inheritdoc />
    public override string ToString() => $"{Method} {Path}";
}
