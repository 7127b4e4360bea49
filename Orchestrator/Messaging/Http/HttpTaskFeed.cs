using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Stack.Contracts;

namespace Stack.Messaging.Http;

/// <summary>
/// The task feed of an orchestrator elsewhere, over HTTP/1.1 with kept-alive connections. Claims and heartbeats are long polls and are tried once, so that their caller asks again with
/// fresh numbers; every other call is tried until it is answered. When the orchestrator no longer knows the token, the agent registers again by itself.
/// </summary>
/// <remarks>
/// The client must have no time limit and no retries of its own. Failures are <see cref="TaskFeedException"/>. The caller's <see cref="System.Diagnostics.Activity"/> goes along as W3C trace context.
/// </remarks>
public sealed class HttpTaskFeed : ITaskFeed
{
    private static readonly Func<HttpResponseMessage, CancellationToken, ValueTask<AgentRegistered>> ReadRegistered = Read(StackJson.TypeOf<AgentRegistered>());
    private static readonly Func<HttpResponseMessage, CancellationToken, ValueTask<List<TaskEnvelope>>> ReadTasks = Read(StackJson.TypeOf<List<TaskEnvelope>>());
    private static readonly Func<HttpResponseMessage, CancellationToken, ValueTask<HeartbeatReply>> ReadReply = Read(StackJson.TypeOf<HeartbeatReply>());
    private static readonly Func<HttpResponseMessage, CancellationToken, ValueTask<List<ResultReceipt>>> ReadReceipts = Read(StackJson.TypeOf<List<ResultReceipt>>());

    private readonly FeedConnection _connection;
    private readonly HttpTaskFeedOptions _options;
    private readonly AgentToken _token;
    private readonly AsyncGate _joining = new();
    private AgentRegistration? _registration;

    /// <summary>Makes the client.</summary>
    /// <param name="client">Sends the requests; see <see cref="CreateClient"/>.</param>
    /// <param name="options">Where the orchestrator is.</param>
    /// <param name="token">Receives the agent's token.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Spreads the pauses.</param>
    /// <param name="logger">Where tries that failed are written.</param>
    public HttpTaskFeed(HttpClient client, HttpTaskFeedOptions options, AgentToken token, TimeProvider time, Random random, ILogger<HttpTaskFeed> logger)
    {
        _options = options;
        _token = token;
        _connection = new FeedConnection(client, options, token, time, random, logger);
    }

    /// <summary>Makes a client that suits the feed: no time limit, connections kept alive, dead ones noticed.</summary>
    public static HttpClient CreateClient() => new(
        new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            PooledConnectionLifetime = TimeSpan.FromMinutes(15),
            UseCookies = false,
            UseProxy = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
        },
        disposeHandler: true)
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <inheritdoc />
    public async Task<AgentRegistered> RegisterAsync(AgentRegistration registration, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(registration, StackJson.TypeOf<AgentRegistration>());
        var call = new FeedCall(HttpMethod.Post, "/api/v1/agents", body) { Token = _options.JoinToken ?? "" };
        var registered = await _connection.SendUntilAnsweredAsync(call, ReadRegistered, cancellationToken);
        _token.Value = registered.Token;
        _registration = registration;
        _connection.Rejoin = RejoinAsync;
        return registered;
    }

    /// <inheritdoc />
    public Task DeregisterAsync(AgentId agentId, CancellationToken cancellationToken)
    {
        // Whoever leaves does not come back because of a lost token.
        _connection.Rejoin = null;
        return _connection.SendAsync(new FeedCall(HttpMethod.Post, $"/api/v1/agents/{Escape(agentId.Value)}/deregister"), TimeSpan.Zero, Nothing, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<TaskEnvelope>> ClaimAsync(TaskClaim claim, CancellationToken cancellationToken)
    {
        var body = PooledJson.From(claim, StackJson.TypeOf<TaskClaim>());
        var tasks = await _connection.SendAsync(
            new FeedCall(HttpMethod.Post, "/api/v1/tasks/claim", body.Written), TimeSpan.FromMilliseconds(claim.WaitMs), ReadTasks, cancellationToken);
        body.Return();
        return tasks;
    }

    /// <inheritdoc />
    public Task<bool> StartAsync(TaskId taskId, AgentId agentId, CancellationToken cancellationToken) =>
        _connection.SendUntilAnsweredAsync(
            new FeedCall(HttpMethod.Post, $"/api/v1/tasks/{Escape(taskId.ToString())}/start?agent_id={Escape(agentId.Value)}"),
            static async (response, token) =>
            {
                await using var stream = await response.Content.ReadAsStreamAsync(token);
                using var answer = await JsonDocument.ParseAsync(stream, cancellationToken: token);
                return answer.RootElement.TryGetProperty("current", out var current) && current.ValueKind is JsonValueKind.True;
            },
            cancellationToken);

    /// <inheritdoc />
    public async Task<HeartbeatReply> HeartbeatAsync(AgentHeartbeat heartbeat, CancellationToken cancellationToken)
    {
        var body = PooledJson.From(heartbeat, StackJson.TypeOf<AgentHeartbeat>());
        var call = new FeedCall(HttpMethod.Post, $"/api/v1/agents/{Escape(heartbeat.AgentId.Value)}/heartbeat", body.Written);
        var reply = await _connection.SendAsync(call, TimeSpan.FromMilliseconds(heartbeat.WaitMs), ReadReply, cancellationToken);
        body.Return();
        return reply;
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<ResultReceipt>> ReportAsync(IReadOnlyList<ResultEnvelope> results, CancellationToken cancellationToken)
    {
        if (results.Count == 0)
        {
            return [];
        }

        var body = PooledJson.From(results, StackJson.TypeOf<IReadOnlyList<ResultEnvelope>>());
        var receipts = await _connection.SendUntilAnsweredAsync(
            new FeedCall(HttpMethod.Post, "/api/v1/tasks/results", body.Written), ReadReceipts, cancellationToken);
        body.Return();
        return receipts.Count == results.Count
            ? receipts
            : throw new TaskFeedException($"The orchestrator at {_connection.Address} gave {receipts.Count} receipts for {results.Count} results; it must give one for each.", isTransient: false);
    }

    /// <inheritdoc />
    public async Task ReportStatusAsync(IReadOnlyList<StatusEnvelope> statuses, CancellationToken cancellationToken)
    {
        if (statuses.Count == 0)
        {
            return;
        }

        var body = PooledJson.From(statuses, StackJson.TypeOf<IReadOnlyList<StatusEnvelope>>());
        await _connection.SendUntilAnsweredAsync(new FeedCall(HttpMethod.Post, "/api/v1/tasks/statuses", body.Written), Nothing, cancellationToken);
        body.Return();
    }

    /// <inheritdoc />
    public Task<JsonPayload?> FindStepAsync(StepKey key, CancellationToken cancellationToken) =>
        _connection.SendUntilAnsweredAsync(
            new FeedCall(HttpMethod.Get, StepPath(new TaskId(key.WorkflowId, key.Stage, Attempt: 1), key)) { AlsoExpected = HttpStatusCode.NotFound }, ReadStep, cancellationToken);

    /// <inheritdoc />
    public Task<JsonPayload?> RecordStepAsync(TaskId taskId, StepKey key, JsonPayload result, CancellationToken cancellationToken) =>
        _connection.SendUntilAnsweredAsync(
            new FeedCall(HttpMethod.Put, StepPath(taskId, key), result.Utf8) { AlsoExpected = HttpStatusCode.Conflict }, ReadStep, cancellationToken);

    // Several calls notice a lost token at once: the first registers, the others find a newer token than the one that they used.
    private async Task RejoinAsync(string? refused, CancellationToken cancellationToken)
    {
        using (await _joining.EnterAsync(cancellationToken))
        {
            if (_token.Value == refused && _registration is { } registration)
            {
                await RegisterAsync(registration, cancellationToken);
            }
        }
    }

    private static Func<HttpResponseMessage, CancellationToken, ValueTask<T>> Read<T>(JsonTypeInfo<T> type) =>
        async (response, token) =>
        {
            await using var stream = await response.Content.ReadAsStreamAsync(token);
            return await JsonSerializer.DeserializeAsync(stream, type, token) ?? throw new JsonException("The answer is null.");
        };

    // A short answer is read to its end, which gives the connection back to the pool.
    private static async ValueTask<bool> Nothing(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await response.Content.CopyToAsync(Stream.Null, cancellationToken);
        return true;
    }

    private static async ValueTask<JsonPayload?> ReadStep(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return null;
        }

        using var document = JsonDocument.Parse(bytes);
        return JsonPayload.FromElement(document.RootElement);
    }

    private static string StepPath(TaskId taskId, StepKey key) => $"/api/v1/tasks/{Escape(taskId.ToString())}/steps/{Escape(key.Name)}/{key.InputHash}";

    private static string Escape(string text) => Uri.EscapeDataString(text);
}
