using System.Text.Json;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>The outcomes of all drills on a data folder: a file to which lines are added.</summary>
/// <param name="data">The data folder.</param>
internal sealed class DrillHistory(string data)
{
    private string Path => System.IO.Path.Combine(data, "drills.jsonl");

    /// <summary>Adds an outcome.</summary>
    public void Add(DrillOutcome outcome) => File.AppendAllText(Path, JsonSerializer.Serialize(outcome, StackJson.Options) + "\n");

    /// <summary>Reads all outcomes, oldest first. Lines of another version are left out.</summary>
    public IReadOnlyList<DrillOutcome> Read()
    {
        if (!File.Exists(Path))
        {
            return [];
        }

        var outcomes = new List<DrillOutcome>();
        foreach (var line in File.ReadLines(Path))
        {
            try
            {
                if (JsonSerializer.Deserialize<DrillOutcome>(line, StackJson.Options) is { } outcome)
                {
                    outcomes.Add(outcome);
                }
            }
            catch (JsonException)
            {
                // A line that was torn, or that a later version wrote.
            }
        }

        return outcomes;
    }
}
