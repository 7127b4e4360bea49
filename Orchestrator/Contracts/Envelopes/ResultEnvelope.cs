using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>
/// How an attempt ended. The sender keeps it until a receipt says that it was stored or is stale; sending it again changes nothing.
/// </summary>
public sealed record ResultEnvelope : Envelope
{
    /// <summary>The agent that made the attempt.</summary>
    public required AgentId AgentId { get; init; }

    /// <summary>How it ended.</summary>
    public required StageOutcome Outcome { get; init; }

    /// <summary>When the agent began, by its clock.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>What it pushed. Null: nothing.</summary>
    public WorkspaceChange? Change { get; init; }

    /// <summary>Files worth showing.</summary>
    public IReadOnlyList<Artifact> Artifacts { get; init; } = [];

    /// <summary>What a person should know although the attempt succeeded.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What it used.</summary>
    public Usage Usage { get; init; } = Usage.None;
}

/// <summary>What an attempt pushed to its workspace.</summary>
public sealed record WorkspaceChange
{
    /// <summary>The commit that ends the attempt; it is on the attempt's branch.</summary>
    public required string Commit { get; init; }

    /// <summary>Other references that move when the result counts, for example <c>refs/heads/main</c> or a tag. Only fast-forwards and new references are made.</summary>
    public IReadOnlyList<ReferenceUpdate> References { get; init; } = [];
}

/// <summary>A git reference and the commit it shall point to.</summary>
/// <param name="Name">The full name, for example <c>refs/tags/v1</c>.</param>
/// <param name="Commit">The commit.</param>
public sealed record ReferenceUpdate([property: JsonRequired] string Name, [property: JsonRequired] string Commit);

/// <summary>A file worth showing.</summary>
public sealed record Artifact
{
    /// <summary>What it is, for a person.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is in the workspace, relative, with forward slashes.</summary>
    public required string Path { get; init; }

    /// <summary>Its media type or kind, for example <c>application/json</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Its size in bytes.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>Its SHA-256 in lower-case hexadecimal digits.</summary>
    public string? Checksum { get; init; }
}

/// <summary>What an attempt used.</summary>
public sealed record Usage
{
    /// <summary>Nothing.</summary>
    public static Usage None { get; } = new();

    /// <summary>Wall clock in milliseconds.</summary>
    public long DurationMs { get; init; }

    /// <summary>Tokens sent to models.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Tokens that models answered.</summary>
    public long CompletionTokens { get; init; }

    /// <summary>Calls to models.</summary>
    public int ApiCalls { get; init; }

    /// <summary>What they cost, in dollars, as the gateway booked it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public decimal Cost { get; init; }

    /// <summary>Processor time of the attempt's child processes in milliseconds.</summary>
    public long CpuTimeMs { get; init; }

    /// <summary>Highest memory of the attempt's child processes in bytes. Zero: not measured.</summary>
    public long MemoryUsedBytes { get; init; }

    /// <summary>Prompt and completion tokens together.</summary>
    [JsonIgnore]
    public long TotalTokens => PromptTokens + CompletionTokens;

    /// <summary>The sum of both; memory counts as a maximum.</summary>
    /// <param name="other">More usage.</param>
    public Usage Plus(Usage other) => new()
    {
        DurationMs = DurationMs + other.DurationMs,
        PromptTokens = PromptTokens + other.PromptTokens,
        CompletionTokens = CompletionTokens + other.CompletionTokens,
        ApiCalls = ApiCalls + other.ApiCalls,
        Cost = Cost + other.Cost,
        CpuTimeMs = CpuTimeMs + other.CpuTimeMs,
        MemoryUsedBytes = Math.Max(MemoryUsedBytes, other.MemoryUsedBytes),
    };
}
