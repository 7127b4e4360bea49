using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>What the orchestrator found when it checked a workflow's claims.</summary>
public sealed record EvidenceList
{
    /// <summary>The workflow.</summary>
    public required WorkflowId WorkflowId { get; init; }

    /// <summary>Whether every piece is as it was written, and none is missing between two others.</summary>
    public required bool Intact { get; init; }

    /// <summary>The verifications, oldest first.</summary>
    public required IReadOnlyList<EvidenceResource> Verifications { get; init; }
}

/// <summary>One verification as the HTTP API shows it.</summary>
public sealed record EvidenceResource
{
    /// <summary>SHA-256 of the record as it is kept, lower-case hexadecimal digits: its address, and what events and the next record name.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Whether the record still has this hash and follows the one before it.</summary>
    public required bool Intact { get; init; }

    /// <summary>What was found.</summary>
    public required VerificationRecord Record { get; init; }
}

/// <summary>What one verification found. Kept as it was written; its hash is its address.</summary>
public sealed record VerificationRecord
{
    /// <summary>The workflow.</summary>
    public required WorkflowId WorkflowId { get; init; }

    /// <summary>The stage.</summary>
    public required string Stage { get; init; }

    /// <summary>The attempt that claims to be done.</summary>
    public required int Attempt { get; init; }

    /// <summary>The agent that claims it. Null: not known.</summary>
    public AgentId? ClaimedBy { get; init; }

    /// <summary>The commit that was checked. Null: the stage has no workspace.</summary>
    public string? Commit { get; init; }

    /// <summary>The commit that it was compared with. Null: there was none.</summary>
    public string? BaseCommit { get; init; }

    /// <summary>The orchestrator that checked.</summary>
    public required string VerifiedBy { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>Whether every check passed.</summary>
    public required bool Verified { get; init; }

    /// <summary>The hash of the workflow's record before this one. Null: it is the first.</summary>
    public string? Previous { get; init; }

    /// <summary>The checks, in the order of the definition.</summary>
    public required IReadOnlyList<CheckEvidence> Checks { get; init; }
}

/// <summary>What one check found.</summary>
public sealed record CheckEvidence
{
    /// <summary>What it shows, for a person.</summary>
    public required string Name { get; init; }

    /// <summary>Its type, for example <c>command</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Whether it passed.</summary>
    public required bool Passed { get; init; }

    /// <summary>What had to be.</summary>
    public required string Expected { get; init; }

    /// <summary>What was.</summary>
    public required string Actual { get; init; }

    /// <summary>How strong it is: a model's opinion is weak.</summary>
    public CheckStrength Strength { get; init; }

    /// <summary>How long it took, in milliseconds.</summary>
    public long DurationMs { get; init; }

    /// <summary>The exit code of its program. Null: none ran, or it did not end by itself.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The end of what its program wrote. Null: nothing.</summary>
    public string? OutputTail { get; init; }

    /// <summary>SHA-256 of all that is kept of what its program wrote. Null: nothing.</summary>
    public string? OutputSha256 { get; init; }
}

/// <summary>How much a check proves.</summary>
[JsonConverter(typeof(SnakeCaseEnum<CheckStrength>))]
public enum CheckStrength
{
    /// <summary>Anybody who repeats it finds the same.</summary>
    Fact,

    /// <summary>A model's opinion.</summary>
    Opinion,
}
