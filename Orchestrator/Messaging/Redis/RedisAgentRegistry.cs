using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Stack.Contracts;
using StackExchange.Redis;

namespace Stack.Messaging.Redis;

/// <summary>
/// Knows the agents of all orchestrators: those that talk to this one from its own memory, the others from <c>agent:registry</c>. What is in Redis is a copy that is written in the background:
/// no call waits for it, and what a flush or a failure takes away is written again within two seconds.
/// </summary>
/// <param name="own">Knows the agents that talk to this orchestrator.</param>
/// <param name="link">Redis.</param>
/// <param name="options">How often agents give signs of life.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where troubles are written.</param>
internal sealed partial class RedisAgentRegistry(IAgentRegistry own, RedisLink link, RedisOptions options, TimeProvider time, ILogger<RedisAgentRegistry> logger) : BackgroundService, IAgentRegistry
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FullInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Memory = TimeSpan.FromDays(1);
    private static readonly System.Text.Json.Serialization.Metadata.JsonTypeInfo<AgentResource> Json = StackJson.TypeOf<AgentResource>();

    private readonly ConcurrentDictionary<AgentId, byte> _changed = new();
    private volatile Dictionary<AgentId, AgentResource> _others = [];
    private long _lastFull;

    /// <inheritdoc />
    public async Task RegisterAsync(AgentRegistration registration, CancellationToken cancellationToken)
    {
        await own.RegisterAsync(registration, cancellationToken);
        _changed[registration.AgentId] = 0;
    }

    /// <inheritdoc />
    public async Task<bool> TouchAsync(AgentHeartbeat heartbeat, CancellationToken cancellationToken)
    {
        var known = await own.TouchAsync(heartbeat, cancellationToken);
        _changed[heartbeat.AgentId] = 0;
        return known;
    }

    /// <inheritdoc />
    public async Task RemoveAsync(AgentId agentId, CancellationToken cancellationToken)
    {
        await own.RemoveAsync(agentId, cancellationToken);
        _changed[agentId] = 0;
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<AgentResource>> ListAsync(CancellationToken cancellationToken)
    {
        var mine = await own.ListAsync(cancellationToken);
        var others = _others;
        if (others.Count == 0)
        {
            return mine;
        }

        var all = new Dictionary<AgentId, AgentResource>(others);
        foreach (var agent in mine)
        {
            if (!all.TryGetValue(agent.AgentId, out var there) || !IsNewer(there, agent))
            {
                all[agent.AgentId] = agent;
            }
        }

        var now = time.GetUtcNow();
        return [.. all.Values.Where(agent => now - agent.LastHeartbeat < Memory).OrderBy(agent => agent.AgentType, StringComparer.Ordinal).ThenBy(agent => agent.AgentId.Value, StringComparer.Ordinal)];
    }

    /// <summary>Writes what changed here and, every two seconds, reads what changed elsewhere.</summary>
    /// <param name="full">Reads in any case.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    /// <returns>How many agents were written.</returns>
    public async Task<int> RunOnceAsync(bool full, CancellationToken cancellationToken)
    {
        full |= time.GetElapsedTime(_lastFull) >= FullInterval;
        if (link.Database is not { } database || (!full && _changed.IsEmpty))
        {
            return 0;
        }

        var changed = _changed.Keys.ToHashSet();
        foreach (var id in changed)
        {
            _changed.TryRemove(id, out _);
        }

        var mine = await own.ListAsync(cancellationToken);
        try
        {
            if (full)
            {
                var there = await ReadAsync(database, cancellationToken);
                changed.UnionWith(mine.Where(agent => !there.TryGetValue(agent.AgentId, out var copy) || (!IsNewer(copy, agent) && copy.Status != agent.Status)).Select(agent => agent.AgentId));
                _others = there.Where(pair => !mine.Any(agent => agent.AgentId == pair.Key && !IsNewer(pair.Value, agent))).ToDictionary();
                _lastFull = time.GetTimestamp();
            }

            var written = mine.Where(agent => changed.Contains(agent.AgentId)).ToList();
            await WriteAsync(database, written, cancellationToken);
            return written.Count;
        }
        catch (Exception exception) when (RedisLink.IsTransient(exception))
        {
            // What was not written is found missing by the next full pass.
            LogNotWritten(exception.Message);
            return 0;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await RunOnceAsync(full: false, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Its agents' heartbeats expire, unless they go on with another orchestrator.
        }
    }

    private static bool IsNewer(AgentResource there, AgentResource here) => there.LastHeartbeat > here.LastHeartbeat && there.RegisteredAt >= here.RegisteredAt;

    private async Task<Dictionary<AgentId, AgentResource>> ReadAsync(IDatabase database, CancellationToken cancellationToken)
    {
        var entries = await database.HashGetAllAsync(RedisNames.Registry).WaitAsync(Patience, time, cancellationToken);
        var found = new Dictionary<AgentId, AgentResource>(entries.Length);
        foreach (var entry in entries)
        {
            if (Parse(entry) is { } agent)
            {
                found[agent.AgentId] = agent;
            }
        }

        foreach (var old in found.Values.Where(agent => time.GetUtcNow() - agent.LastHeartbeat >= Memory).ToList())
        {
            found.Remove(old.AgentId);
            link.Send(connection => connection.HashDeleteAsync(RedisNames.Registry, old.AgentId.Value));
        }

        var agents = found.Values.Where(agent => agent.Status is not AgentStatus.Offline).ToList();
        var alive = await Task.WhenAll(agents.Select(agent => database.KeyExistsAsync(RedisNames.Heartbeat(agent.AgentId)))).WaitAsync(Patience, time, cancellationToken);
        foreach (var silent in agents.Where((_, i) => !alive[i]))
        {
            // Its orchestrator may be gone with it, and nobody else would write it down.
            var offline = silent with { Status = AgentStatus.Offline };
            found[silent.AgentId] = offline;
            link.Send(connection => connection.HashSetAsync(RedisNames.Registry, silent.AgentId.Value, JsonSerializer.Serialize(offline, Json)));
        }

        return found;
    }

    private async Task WriteAsync(IDatabase database, List<AgentResource> agents, CancellationToken cancellationToken)
    {
        if (agents.Count == 0)
        {
            return;
        }

        var commands = new List<Task>(agents.Count + 1);
        foreach (var agent in agents)
        {
            var key = RedisNames.Heartbeat(agent.AgentId);
            commands.Add(agent.Status is AgentStatus.Offline ? database.KeyDeleteAsync(key) : database.StringSetAsync(key, agent.LastHeartbeat.ToString("O"), options.HeartbeatInterval * 3));
        }

        commands.Add(database.HashSetAsync(RedisNames.Registry, [.. agents.Select(agent => new HashEntry(agent.AgentId.Value, JsonSerializer.Serialize(agent, Json)))]));
        await Task.WhenAll(commands).WaitAsync(Patience, time, cancellationToken);
    }

    private AgentResource? Parse(HashEntry entry)
    {
        try
        {
            return JsonSerializer.Deserialize((string)entry.Value!, Json);
        }
        catch (JsonException exception)
        {
            LogForeign(entry.Name!, exception.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The agents were not written to Redis; it is tried again. {Reason}")]
    private partial void LogNotWritten(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The entry {Entry} in agent:registry is no agent, and is left alone. {Problem}")]
    private partial void LogForeign(string entry, string problem);
}
