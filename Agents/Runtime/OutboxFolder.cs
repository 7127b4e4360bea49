using System.Globalization;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>Results on disk that have no receipt yet. A file holds a list and is there whole or not at all; it survives the process, not the machine's power.</summary>
internal sealed partial class OutboxFolder
{
    private readonly string _directory;
    private readonly ILogger<OutboxFolder> _logger;
    private long _number;

    /// <summary>Opens the folder.</summary>
    /// <param name="directory">The folder; made when missing.</param>
    /// <param name="logger">Where unreadable files are written.</param>
    public OutboxFolder(string directory, ILogger<OutboxFolder> logger)
    {
        _directory = Directory.CreateDirectory(directory).FullName;
        _logger = logger;
        _number = Files().Select(file => long.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture)).DefaultIfEmpty().Max();
    }

    /// <summary>Keeps results.</summary>
    /// <param name="results">The results.</param>
    /// <returns>The file, for <see cref="Remove"/>.</returns>
    public string Keep(IReadOnlyList<ResultEnvelope> results)
    {
        var path = Path.Combine(_directory, $"{Interlocked.Increment(ref _number):d12}.json");
        File.WriteAllBytes(path + ".part", JsonSerializer.SerializeToUtf8Bytes(results, StackJson.TypeOf<IReadOnlyList<ResultEnvelope>>()));
        File.Move(path + ".part", path);
        return path;
    }

    /// <summary>Removes results that have their receipts.</summary>
    /// <param name="file">The file.</param>
    public static void Remove(string file) => File.Delete(file);

    /// <summary>What an earlier process left, oldest first. A file that cannot be read is set aside.</summary>
    public IEnumerable<(string File, IReadOnlyList<ResultEnvelope> Results)> Left()
    {
        foreach (var file in Files())
        {
            if (Read(file) is { } results)
            {
                yield return (file, results);
            }
        }
    }

    private string[] Files() => [.. Directory.EnumerateFiles(_directory, "*.json").Where(file => long.TryParse(Path.GetFileNameWithoutExtension(file), out _)).Order(StringComparer.Ordinal)];

    private List<ResultEnvelope>? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), StackJson.TypeOf<List<ResultEnvelope>>());
        }
        catch (JsonException exception)
        {
            File.Move(file, file + ".unreadable", overwrite: true);
            LogUnreadable(file, exception.Message);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Error, "The kept results in {File} cannot be read and were set aside; their attempts will be made again. {Reason}")]
    private partial void LogUnreadable(string file, string reason);
}
