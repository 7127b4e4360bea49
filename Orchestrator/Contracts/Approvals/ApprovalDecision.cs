using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>What a person decided.</summary>
public sealed record ApprovalDecision
{
    /// <summary>Yes or no.</summary>
    public required bool Approved { get; init; }

    /// <summary>Who decided.</summary>
    public required string DecidedBy { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset DecidedAt { get; init; }

    /// <summary>What they added.</summary>
    public string? Comment { get; init; }

    /// <summary>The question. Null: it is from before questions had ids.</summary>
    public ApprovalId? Approval { get; init; }

    /// <summary>The exact effect that was approved, in canonical form: the one that was asked about, or what the person made of it. Null: it was refused.</summary>
    public JsonPayload? Effect { get; init; }

    /// <summary>SHA-256 of <see cref="Effect"/>, lower-case hexadecimal.</summary>
    public string? EffectHash { get; init; }

    /// <summary>Whether the person changed the effect.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Amended { get; init; }

    /// <summary>How its execution by the orchestrator went. Null: it was not executed, or is not the orchestrator's to execute.</summary>
    public EffectExecution? Execution { get; init; }
}

/// <summary>How the execution of an approved effect went.</summary>
public sealed record EffectExecution
{
    /// <summary>Whether it was executed.</summary>
    public required bool Succeeded { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What was done, or why not, for a person.</summary>
    public required string Message { get; init; }

    /// <summary>What it brought. Null: nothing.</summary>
    public JsonPayload? Result { get; init; }
}
