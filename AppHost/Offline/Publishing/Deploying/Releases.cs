using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aspire.Hosting.Offline;

/// <summary>What became of a release.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReleaseState>))]
internal enum ReleaseState
{
    /// <summary>It is being rolled out.</summary>
    [JsonStringEnumMemberName("started")]
    Started,

    /// <summary>It serves.</summary>
    [JsonStringEnumMemberName("current")]
    Current,

    /// <summary>A later one serves in its place.</summary>
    [JsonStringEnumMemberName("superseded")]
    Superseded,

    /// <summary>It did not become healthy; the one before it serves.</summary>
    [JsonStringEnumMemberName("rolled_back")]
    RolledBack,
}

/// <summary>One deployment.</summary>
internal sealed record Release
{
    [JsonPropertyName("number")]
    public required int Number { get; init; }

    [JsonPropertyName("started_at")]
    public required DateTimeOffset StartedAt { get; init; }

    [JsonPropertyName("state")]
    public required ReleaseState State { get; init; }

    /// <summary>Why it was rolled back; null for others.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>The image of each service.</summary>
    [JsonPropertyName("images")]
    public required IReadOnlyDictionary<string, string> Images { get; init; }
}

/// <summary>The history of a deployment: one file per release in the data directory, and a lock so that one deployment runs at a time.</summary>
internal sealed class Releases(string folder)
{
    private const int Kept = 50;
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    internal IReadOnlyList<Release> All() => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal).Select(file => JsonSerializer.Deserialize<Release>(File.ReadAllText(file))!)];

    internal Release Begin(DateTimeOffset now, IReadOnlyDictionary<string, string> images)
    {
        var release = new Release { Number = All() is [.., var last] ? last.Number + 1 : 1, StartedAt = now, State = ReleaseState.Started, Images = images };
        Save(release);
        return release;
    }

    internal void Commit(Release release)
    {
        foreach (var other in All().Where(other => other.State == ReleaseState.Current))
        {
            Save(other with { State = ReleaseState.Superseded });
        }
        Save(release with { State = ReleaseState.Current });
        foreach (var old in All().SkipLast(Kept))
        {
            File.Delete(PathOf(old.Number));
        }
    }

    internal void RollBack(Release release, string reason) => Save(release with { State = ReleaseState.RolledBack, Reason = reason });

    /// <summary>Holds the deployment until disposed of.</summary>
    internal FileStream Lock()
    {
        StateDirectory.Create(folder);
        try
        {
            return new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure)
        {
            throw new DistributedApplicationException($"Another deployment works on {folder}: {failure.Message} Wait for its end.", failure);
        }
    }

    private void Save(Release release)
    {
        var path = PathOf(release.Number);
        File.WriteAllText($"{path}.tmp", JsonSerializer.Serialize(release, Json));
        File.Move($"{path}.tmp", path, overwrite: true);
    }

    private string PathOf(int number) => Path.Combine(folder, $"{number.ToString("00000", CultureInfo.InvariantCulture)}.json");
}
