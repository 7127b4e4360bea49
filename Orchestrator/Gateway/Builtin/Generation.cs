using System.Text.Json.Serialization;
using Stack.Contracts;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>What the generator is asked for.</summary>
internal sealed record GenerationRequest
{
    /// <summary>The requirements in the words of a person.</summary>
    public required string Requirements { get; init; }

    /// <summary>The template to use whatever the requirements say. Null: the requirements decide.</summary>
    public string? Template { get; init; }

    /// <summary>The name of the project. Null: it follows from the requirements.</summary>
    public string? ProjectName { get; init; }
}

/// <summary>What the generator answers: the same for the same request, always.</summary>
internal sealed record Generation
{
    /// <summary>The sentence that every answer carries.</summary>
    public const string NoModelNotice =
        "No language model was used: the built-in generator chose a template by the words of the requirements and filled it in. Anything beyond the template is missing.";

    /// <summary>Who answered.</summary>
    public string Provider { get; init; } = BuiltinProvider.ProviderName;

    /// <summary>Whether a language model had a part in it: never.</summary>
    public bool ModelUsed { get; init; }

    /// <summary>The same for a person.</summary>
    public string Notice { get; init; } = NoModelNotice;

    /// <summary>The template. Null: none fits, and there are no files.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? Template { get; init; }

    /// <summary>Why this template, or why none.</summary>
    public required string Reason { get; init; }

    /// <summary>What a person should know about the distance between the requirements and the files.</summary>
    public IReadOnlyList<string> Limits { get; init; } = [];

    /// <summary>What the program is.</summary>
    public ProgramKind? Kind { get; init; }

    /// <summary>The project's name.</summary>
    public string? Project { get; init; }

    /// <summary>The project that is started, packed or published: a path relative to the root.</summary>
    public string? EntryProject { get; init; }

    /// <summary>The files in the order of their paths.</summary>
    public IReadOnlyList<GeneratedFile> Files { get; init; } = [];
}

/// <summary>A file of a generated repository.</summary>
/// <param name="Path">Its path relative to the root, with forward slashes.</param>
/// <param name="Content">Its text.</param>
internal sealed record GeneratedFile(string Path, string Content);
