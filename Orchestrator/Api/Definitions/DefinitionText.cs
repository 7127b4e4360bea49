using System.Text.Json;
using Stack.Contracts;

namespace Stack.Orchestrator.Api.Definitions;

/// <summary>The text of a definition, YAML or JSON, as a JSON value that knows its lines.</summary>
/// <param name="Root">The value. Undefined when there are problems.</param>
/// <param name="Lines">The line of each path, from 1; paths as in <see cref="DefinitionProblem.Path"/>.</param>
/// <param name="Problems">Why it is neither YAML nor JSON; empty when it is.</param>
internal sealed record DefinitionText(JsonElement Root, IReadOnlyDictionary<string, int> Lines, IReadOnlyList<DefinitionProblem> Problems)
{
    /// <summary>The longest text in bytes.</summary>
    public const int MaxBytes = 256 * 1024;

    /// <summary>The deepest nesting.</summary>
    public const int MaxDepth = 32;

    /// <summary>The most values, aliases counted as often as they are used.</summary>
    public const int MaxNodes = 20_000;

    /// <summary>A text that cannot be read.</summary>
    public static DefinitionText Unreadable(string message, string remedy, int? line) =>
        new(default, new Dictionary<string, int>(), [new DefinitionProblem { Path = "$", Message = message, Remedy = remedy, Line = line }]);

    /// <summary>Reads the definition and gives each problem its line.</summary>
    /// <param name="agentTypes">The agent types that are known.</param>
    public DefinitionReading Read(IReadOnlyCollection<string> agentTypes)
    {
        if (Problems.Count > 0)
        {
            return new DefinitionReading(null, Problems);
        }

        var reading = DefinitionReader.Read(Root, agentTypes);
        return reading with { Problems = [.. reading.Problems.Select(problem => problem with { Line = problem.Line ?? LineOf(problem.Path) })] };
    }

    /// <summary>The line of a path, or of the nearest thing around it that is there.</summary>
    private int? LineOf(string path)
    {
        for (var at = path; ; at = at[..Math.Max(at.LastIndexOfAny(['.', '[']), 0)])
        {
            if (Lines.TryGetValue(at, out var line))
            {
                return line;
            }

            if (at.Length == 0)
            {
                return null;
            }
        }
    }
}
