using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>What an agent says of itself when it registers. Registering again under the same id replaces the entry.</summary>
public sealed record AgentRegistration
{
    /// <summary>The instance.</summary>
    public required AgentId AgentId { get; init; }

    /// <summary>Which tasks it takes.</summary>
    public required string AgentType { get; init; }

    /// <summary>The version of its program.</summary>
    public required string Version { get; init; }

    /// <summary>What it can do beyond its type, for example <c>chromium</c> or <c>dotnet</c>.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>What its machine offers.</summary>
    public AgentResources Resources { get; init; } = new();

    /// <summary>How many attempts it makes at once.</summary>
    /// <value>The default is 1.</value>
    public int MaxConcurrency { get; init; } = 1;

    /// <summary>The name of its machine.</summary>
    public string? Host { get; init; }

    /// <summary>Its process id.</summary>
    public int? Pid { get; init; }
}

/// <summary>What an agent's machine offers.</summary>
public sealed record AgentResources
{
    /// <summary>Processor cores.</summary>
    public int CpuCores { get; init; }

    /// <summary>Memory in MiB.</summary>
    public long MemoryMb { get; init; }

    /// <summary>Graphics processors by name; empty when there is none.</summary>
    public IReadOnlyList<string> Gpus { get; init; } = [];
}

/// <summary>The orchestrator's answer to a registration.</summary>
public sealed record AgentRegistered
{
    /// <summary>The token that this agent uses from now on. Null: the feed needs none (in process).</summary>
    public string? Token { get; init; }

    /// <summary>Milliseconds between heartbeats. Three missed ones make the agent offline.</summary>
    public required long HeartbeatIntervalMs { get; init; }

    /// <summary>Milliseconds that a lease lasts without a heartbeat.</summary>
    public required long LeaseMs { get; init; }
}

/// <summary>Whether an agent is there.</summary>
[JsonConverter(typeof(SnakeCaseEnum<AgentStatus>))]
public enum AgentStatus
{
    /// <summary>It is there and has a free slot.</summary>
    Online,

    /// <summary>It is there; all its slots are taken.</summary>
    Busy,

    /// <summary>It is finishing what it has and takes nothing more.</summary>
    Draining,

    /// <summary>It missed three heartbeats, or said goodbye.</summary>
    Offline,
}

/// <summary>How an agent feels, as in its health report.</summary>
[JsonConverter(typeof(SnakeCaseEnum<AgentHealth>))]
public enum AgentHealth
{
    /// <summary>Five errors or fewer in the last hour.</summary>
    Healthy,

    /// <summary>More than five.</summary>
    Degraded,

    /// <summary>More than ten.</summary>
    Unhealthy,
}
