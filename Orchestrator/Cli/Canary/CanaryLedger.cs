using System.Text.Json;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Reads what the canaries wrote down on their disk.</summary>
internal static class CanaryLedger
{
    /// <summary>The folder that the canaries of a data folder share.</summary>
    public static string DirectoryIn(string data) => Path.Combine(data, "agents", $"{CanaryFiles.AgentType}-agent", "agents", CanaryFiles.AgentType, "shared");

    /// <summary>Reads the entries of a run. A line that a power cut tore is left out, as if it had not been written.</summary>
    /// <param name="data">The data folder.</param>
    /// <param name="isOurs">Whether a workflow belongs to the run.</param>
    public static List<CanaryLedgerEntry> Read(string data, Func<WorkflowId, bool> isOurs)
    {
        var entries = new List<CanaryLedgerEntry>();
        var folder = Path.Combine(DirectoryIn(data), CanaryFiles.Ledgers);
        if (!Directory.Exists(folder))
        {
            return entries;
        }

        foreach (var file in Directory.EnumerateFiles(folder, "*.jsonl").Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            while (reader.ReadLine() is { } line)
            {
                if (Parse(line) is { } entry && isOurs(entry.TaskId.WorkflowId))
                {
                    entries.Add(entry);
                }
            }
        }

        return entries;
    }

    private static CanaryLedgerEntry? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<CanaryLedgerEntry>(line, StackJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
