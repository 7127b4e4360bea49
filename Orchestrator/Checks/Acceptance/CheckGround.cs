using Stack.Checks.Processes;
using Stack.Contracts;

namespace Stack.Checks;

/// <summary>Where checks are made: a clean clone of a commit, and what runs programs in it.</summary>
internal sealed record CheckGround
{
    /// <summary>The clone, absolute.</summary>
    public required string Workspace { get; init; }

    /// <summary>A folder beside it for reports and data.</summary>
    public required string Scratch { get; init; }

    /// <summary>Runs programs; what they start ends with it.</summary>
    public required ProcessTool Processes { get; init; }

    /// <summary>Sends requests to programs under check. It must not follow redirects.</summary>
    public required HttpClient Http { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>What the commit changed. Asked once at most by each check that needs it.</summary>
    public required Func<CancellationToken, Task<IReadOnlyList<FileChange>>> Changes { get; init; }

    /// <summary>Asks a model. Null: there is none here, and a check that needs one cannot be made.</summary>
    public Func<AcceptanceCheck.Judge, CancellationToken, Task<JudgeAnswer>>? Judge { get; init; }
}

/// <summary>A file that a commit changed.</summary>
/// <param name="Path">Its path, relative, with forward slashes.</param>
/// <param name="Lines">Lines added and removed together. Null: it is not text.</param>
internal sealed record FileChange(string Path, int? Lines);

/// <summary>What a model said.</summary>
/// <param name="Passed">Whether it said yes.</param>
/// <param name="Reason">Why.</param>
/// <param name="Model">Which model said it.</param>
internal sealed record JudgeAnswer(bool Passed, string Reason, string Model);

/// <summary>A check could not be made, through no fault of what is checked: a program of the machine is missing, the disk is full, no model answers.</summary>
/// <param name="error">Why, with the remedy.</param>
/// <param name="innerException">What caused it. Null: nothing else.</param>
internal sealed class CheckTroubleException(StructuredError error, Exception? innerException = null) : Exception(error.Message, innerException)
{
    /// <summary>Why.</summary>
    public StructuredError Error { get; } = error;
}
