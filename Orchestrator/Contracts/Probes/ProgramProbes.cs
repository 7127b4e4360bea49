using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>
/// How to find out whether a program does what it shall: what to send and what to expect. Whoever writes a program into a workspace writes this file beside it; testing and deployment read it.
/// Probes run one after the other in the order of the file, on a fresh start with an empty data folder.
/// </summary>
public sealed record ProgramProbes
{
    /// <summary>Where the file is in a workspace.</summary>
    public const string FilePath = ".stack/probes.json";

    /// <summary>What the program is.</summary>
    public required ProgramKind Kind { get; init; }

    /// <summary>The project that is started, packed or published, relative to the root of the workspace.</summary>
    public required string EntryProject { get; init; }

    /// <summary>The path that answers 200 when the program is healthy. Null: it has none.</summary>
    public string? HealthPath { get; init; }

    /// <summary>Requests.</summary>
    public IReadOnlyList<HttpProbe> Http { get; init; } = [];

    /// <summary>Pages to open in a browser.</summary>
    public IReadOnlyList<PageProbe> Pages { get; init; } = [];

    /// <summary>Command lines.</summary>
    public IReadOnlyList<CommandProbe> Commands { get; init; } = [];
}

/// <summary>What a program is.</summary>
[JsonConverter(typeof(SnakeCaseEnum<ProgramKind>))]
public enum ProgramKind
{
    /// <summary>It serves HTTP.</summary>
    Web,

    /// <summary>It runs in a terminal and ends.</summary>
    Console,

    /// <summary>Other programs use it.</summary>
    Library,
}

/// <summary>A request and the answer that it must get.</summary>
public sealed record HttpProbe
{
    /// <summary>What it shows, for a person.</summary>
    public required string Name { get; init; }

    /// <summary>The method.</summary>
    /// <value>The default is <c>GET</c>.</value>
    public string Method { get; init; } = "GET";

    /// <summary>Path and query.</summary>
    public required string Path { get; init; }

    /// <summary>The JSON body. Null: none.</summary>
    public JsonPayload? Body { get; init; }

    /// <summary>The status of the answer.</summary>
    /// <value>The default is 200.</value>
    public int Status { get; init; } = 200;

    /// <summary>JSON that the answer must contain: every property of an object, equal values. Null: any answer.</summary>
    public JsonPayload? Json { get; init; }
}

/// <summary>A page to open in a browser.</summary>
public sealed record PageProbe
{
    /// <summary>Its path.</summary>
    public required string Path { get; init; }

    /// <summary>The title it must have. Null: any that is not empty.</summary>
    public string? Title { get; init; }
}

/// <summary>A command line and what it must do.</summary>
public sealed record CommandProbe
{
    /// <summary>What it shows, for a person.</summary>
    public required string Name { get; init; }

    /// <summary>The arguments.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The standard input. Null: empty.</summary>
    public string? Input { get; init; }

    /// <summary>The exit code.</summary>
    public int ExitCode { get; init; }

    /// <summary>The standard output without white space at its ends. Null: any.</summary>
    public string? Output { get; init; }

    /// <summary>A text that the standard error must contain. Null: any.</summary>
    public string? Error { get; init; }
}
