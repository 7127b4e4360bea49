using System.Text.Json.Serialization;
using Stack.Contracts;

namespace Stack.Agents.E2e;

/// <summary>What using the program from outside showed. Written to <see cref="FilePath"/> and handed on as the stage's output.</summary>
internal sealed record E2eReport
{
    /// <summary>Where it is in the workspace.</summary>
    public const string FilePath = ".stack/e2e.json";

    /// <summary>Whether everything that was tried worked.</summary>
    public required bool Passed { get; init; }

    /// <summary>What the program is. Null: it is not known.</summary>
    public ProgramKind? Kind { get; init; }

    /// <summary>What was tried, in order.</summary>
    public required IReadOnlyList<E2eStep> Steps { get; init; }

    /// <summary>What was not tried, and why.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>One thing that was tried.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Area">What was used: <c>tests</c>, <c>start</c>, <c>http</c>, <c>command</c>, <c>page</c>.</param>
/// <param name="Passed">Whether it worked.</param>
/// <param name="Expected">What had to happen.</param>
/// <param name="Actual">What happened.</param>
internal sealed record E2eStep(string Name, string Area, bool Passed, string Expected, string Actual)
{
    /// <summary>How long it took, in milliseconds. Null: not measured.</summary>
    [JsonPropertyName("duration_ms")]
    public long? DurationMs { get; init; }
}

/// <summary>Collects what was tried.</summary>
internal sealed class E2eLog
{
    private readonly List<E2eStep> _steps = [];

    /// <summary>What was tried.</summary>
    public IReadOnlyList<E2eStep> Steps => _steps;

    /// <summary>What was not tried, and why.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Whether everything worked.</summary>
    public bool Passed => _steps.TrueForAll(step => step.Passed);

    /// <summary>Adds something that was tried.</summary>
    /// <param name="step">It.</param>
    public void Add(E2eStep step) => _steps.Add(step);
}
