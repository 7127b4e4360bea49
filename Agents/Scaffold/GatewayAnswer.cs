using Stack.Contracts;

namespace Stack.Agents.Scaffold;

/// <summary>The JSON that a model answers when it is asked for a program.</summary>
internal sealed record GatewayAnswer
{
    /// <summary>Who answered.</summary>
    public string? Provider { get; init; }

    /// <summary>Whether a language model had a part in it. Null: the answer does not say.</summary>
    public bool? ModelUsed { get; init; }

    /// <summary>What every reader should know.</summary>
    public string? Notice { get; init; }

    /// <summary>The template. Null: none, and there are no files.</summary>
    public string? Template { get; init; }

    /// <summary>Why this template, or why none.</summary>
    public string? Reason { get; init; }

    /// <summary>What the files do not do.</summary>
    public IReadOnlyList<string> Limits { get; init; } = [];

    /// <summary>What the program is.</summary>
    public ProgramKind? Kind { get; init; }

    /// <summary>The project's name.</summary>
    public string? Project { get; init; }

    /// <summary>The project that is started, packed or published.</summary>
    public string? EntryProject { get; init; }

    /// <summary>The files.</summary>
    public IReadOnlyList<AnsweredFile> Files { get; init; } = [];
}

/// <summary>A file of an answer. Its path is not to be trusted.</summary>
/// <param name="Path">Where it goes, relative to the workspace.</param>
/// <param name="Content">Its text.</param>
internal sealed record AnsweredFile(string Path, string Content);

/// <summary>What the stage tells later stages.</summary>
internal sealed record ScaffoldOutput
{
    public string? Provider { get; init; }

    public bool ModelUsed { get; init; }

    public string? Notice { get; init; }

    public string? Template { get; init; }

    public string? Reason { get; init; }

    public IReadOnlyList<string> Limits { get; init; } = [];

    public ProgramKind? Kind { get; init; }

    public string? Project { get; init; }

    public string? EntryProject { get; init; }

    /// <summary>The paths of the files.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>The iterations that a model took. Null: no model was used.</summary>
    public int? Iterations { get; init; }
}
