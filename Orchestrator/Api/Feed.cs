using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Stack.Contracts;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Definitions;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api;

/// <summary>
/// The task feed over HTTP: what an agent in any language speaks. The handlers take the request as it is and read and write it with serializers made at compile time, since every
/// task passes through here three times.
/// </summary>
internal sealed class Feed(ITaskFeed feed, AgentTokens tokens, AgentTypes types, IHostApplicationLifetime lifetime)
{
    private const int MaxBatch = 1000;
    private const int MaxWaitMs = 60_000;
    private const int MaxConcurrency = 10_000;

    public async Task RegisterAsync(HttpContext context)
    {
        if (await ReadAsync(context, StackJson.TypeOf<AgentRegistration>()) is not { } registration)
        {
            return;
        }

        if (Check(registration) is { Count: > 0 } problems)
        {
            await Problem.Invalid(problems).ExecuteAsync(context);
            return;
        }

        var registered = await feed.RegisterAsync(registration, context.RequestAborted);
        types.Remember(registration.AgentType);
        Write(context, registered with { Token = tokens.For(registration.AgentId) }, StackJson.TypeOf<AgentRegistered>());
    }

    public async Task DeregisterAsync(HttpContext context)
    {
        var agentId = new AgentId((string)context.Request.RouteValues["agent_id"]!);
        if (await MayAsync(context, agentId))
        {
            await feed.DeregisterAsync(agentId, context.RequestAborted);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
    }

    public async Task HeartbeatAsync(HttpContext context)
    {
        if (await ReadAsync(context, StackJson.TypeOf<AgentHeartbeat>()) is not { } heartbeat)
        {
            return;
        }

        if (heartbeat.AgentId.Value != (string)context.Request.RouteValues["agent_id"]!)
        {
            await Problem.Of(ProblemTypes.InvalidRequest, $"agent_id: '{heartbeat.AgentId}' is not the agent in the path.").ExecuteAsync(context);
        }
        else if (await InRangeAsync(context, "wait_ms", heartbeat.WaitMs, 0, MaxWaitMs) && await MayAsync(context, heartbeat.AgentId))
        {
            var reply = await WaitAsync(context, heartbeat.WaitMs, token => feed.HeartbeatAsync(heartbeat, token), new HeartbeatReply());
            Write(context, reply, StackJson.TypeOf<HeartbeatReply>());
        }
    }

    public async Task ClaimAsync(HttpContext context)
    {
        if (await ReadAsync(context, StackJson.TypeOf<TaskClaim>()) is not { } claim)
        {
            return;
        }

        if (claim.AgentId is not { Value.Length: > 0 } agentId)
        {
            await Problem.Of(ProblemTypes.InvalidRequest, "agent_id: it is missing; the lease of a task is its agent's.", "Send the id that the agent registered with.").ExecuteAsync(context);
        }
        else if (await InRangeAsync(context, "max_tasks", claim.MaxTasks, 1, MaxBatch) && await InRangeAsync(context, "wait_ms", claim.WaitMs, 0, MaxWaitMs) && await MayAsync(context, agentId))
        {
            var tasks = await WaitAsync(context, claim.WaitMs, token => feed.ClaimAsync(claim, token), []);
            Write(context, tasks, StackJson.TypeOf<IReadOnlyList<TaskEnvelope>>());
        }
    }

    public async Task StartAsync(HttpContext context)
    {
        if (!AgentId.TryParse(context.Request.Query["agent_id"], null, out var agentId))
        {
            await Problem.Of(ProblemTypes.InvalidRequest, "agent_id: it is missing, or no id of an agent.", "Add '?agent_id=' with the agent's id.").ExecuteAsync(context);
        }
        else if (await TaskOfAsync(context) is { } taskId && await MayAsync(context, agentId))
        {
            Write(context, new StartReply(await feed.StartAsync(taskId, agentId, context.RequestAborted)), ApiJson.Default.StartReply);
        }
    }

    public async Task ReportAsync(HttpContext context)
    {
        if (await ReadAsync(context, StackJson.TypeOf<List<ResultEnvelope>>()) is not { } results || !await InRangeAsync(context, "The number of results", results.Count, 0, MaxBatch))
        {
            return;
        }

        foreach (var result in results)
        {
            if (!await SpeaksAsync(context, result) || !await MayAsync(context, result.AgentId))
            {
                return;
            }
        }

        Write(context, await feed.ReportAsync(results, context.RequestAborted), StackJson.TypeOf<IReadOnlyList<ResultReceipt>>());
    }

    public async Task ReportStatusAsync(HttpContext context)
    {
        if (await ReadAsync(context, StackJson.TypeOf<List<StatusEnvelope>>()) is not { } statuses || !await InRangeAsync(context, "The number of statuses", statuses.Count, 0, MaxBatch))
        {
            return;
        }

        foreach (var status in statuses)
        {
            if (!await SpeaksAsync(context, status) || !await MayAsync(context, status.AgentId))
            {
                return;
            }
        }

        await feed.ReportStatusAsync(statuses, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>Reads the body, or answers what is wrong with it.</summary>
    private static async ValueTask<T?> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        if (!context.Request.HasJsonContentType())
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return null;
        }

        var value = await JsonSerializer.DeserializeAsync(context.Request.BodyReader, type, context.RequestAborted);
        if (value is null)
        {
            await Problem.Of(ProblemTypes.InvalidRequest, "The body is null.", "Send a JSON value.").ExecuteAsync(context);
        }

        return value;
    }

    /// <summary>Writes the answer straight into the server's buffers.</summary>
    internal static void Write<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        using var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        JsonSerializer.Serialize(writer, value, type);
    }

    /// <summary>The task in the path, or the answer that there is none.</summary>
    internal static async ValueTask<TaskId?> TaskOfAsync(HttpContext context)
    {
        var text = (string)context.Request.RouteValues["task_id"]!;
        if (TaskId.TryParse(text, null, out var taskId))
        {
            return taskId;
        }

        await Tasks.Unknown(text).ExecuteAsync(context);
        return null;
    }

    /// <summary>Waits for work; when the host stops, the agent gets an empty answer at once instead of a broken connection.</summary>
    private async Task<T> WaitAsync<T>(HttpContext context, int waitMs, Func<CancellationToken, Task<T>> call, T nothing)
    {
        if (waitMs == 0)
        {
            return await call(context.RequestAborted);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            return await call(stop.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            return nothing;
        }
    }

    private static async ValueTask<bool> MayAsync(HttpContext context, AgentId agentId)
    {
        if (Caller.Of(context).SpeaksFor(agentId))
        {
            return true;
        }

        await Problem.Of(ProblemTypes.Forbidden, $"The token belongs to agent '{Caller.Of(context).Name}', which cannot speak for '{agentId}'.", "Use the token that this agent got when it registered.").ExecuteAsync(context);
        return false;
    }

    private static async ValueTask<bool> SpeaksAsync(HttpContext context, Envelope envelope)
    {
        if (envelope.EnvelopeVersion.StartsWith("1.", StringComparison.Ordinal))
        {
            return true;
        }

        await Problem.Of(ProblemTypes.InvalidRequest, $"envelope_version: '{envelope.EnvelopeVersion}' is not spoken here.", $"Send envelopes of version {Envelope.CurrentVersion}.").ExecuteAsync(context);
        return false;
    }

    private static async ValueTask<bool> InRangeAsync(HttpContext context, string what, int value, int least, int most)
    {
        if (value >= least && value <= most)
        {
            return true;
        }

        await Problem.Of(ProblemTypes.InvalidRequest, $"{what}: {value} is not in the range from {least} to {most}.").ExecuteAsync(context);
        return false;
    }

    private static List<string> Check(AgentRegistration registration)
    {
        var problems = new List<string>();
        if (registration.AgentId.Value.Length is 0 or > 128 || !registration.AgentId.Value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            problems.Add("agent_id: write 1 to 128 letters, digits, hyphens, underscores and dots, for example scaffold-1f0a9c3e.");
        }

        if (!DefinitionNames.IsValid(registration.AgentType))
        {
            problems.Add($"agent_type: '{registration.AgentType}' is not a name. {DefinitionNames.Rule}");
        }

        if (registration.MaxConcurrency is < 1 or > MaxConcurrency)
        {
            problems.Add($"max_concurrency: {registration.MaxConcurrency} is not in the range from 1 to {MaxConcurrency}.");
        }

        return problems;
    }
}

/// <summary>Whether an attempt is current.</summary>
/// <param name="Current">Whether it is current and the agent's. False: drop it.</param>
internal sealed record StartReply(bool Current);
