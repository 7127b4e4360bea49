namespace Stack.Agents.Integration;

/// <summary>What a merge came to; the stage's output.</summary>
internal sealed record IntegrationReport
{
    /// <summary>Whether the work is in the target.</summary>
    public required bool Merged { get; init; }

    /// <summary>The branch that was merged into.</summary>
    public required string Target { get; init; }

    /// <summary>Where the target was before. Null: it did not exist.</summary>
    public string? TargetBefore { get; init; }

    /// <summary>The commit that was merged.</summary>
    public required string Source { get; init; }

    /// <summary>The merge commit. Null: there is none.</summary>
    public string? Commit { get; init; }

    /// <summary>The new tag. Null: there is none.</summary>
    public string? Tag { get; init; }

    /// <summary>Whether the merge has other content than what was tested, so that it was built again.</summary>
    public bool Rebuilt { get; init; }

    /// <summary>The files that both sides changed in ways that do not go together.</summary>
    public IReadOnlyList<MergeConflict> Conflicts { get; init; } = [];
}

/// <summary>A file that cannot be merged.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Kind">What the two sides did, for example <c>both modified</c>.</param>
/// <param name="Hunks">The places, as a combined diff shows them; at most 20 of 60 lines.</param>
internal sealed record MergeConflict(string Path, string Kind, IReadOnlyList<string> Hunks);
