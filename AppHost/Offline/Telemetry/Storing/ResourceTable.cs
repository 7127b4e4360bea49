using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>A service's instance as its telemetry names it, and how much of it is kept.</summary>
internal sealed class TelemetryResource(string name, string? instance)
{
    internal string Name { get; } = name;

    internal string? Instance { get; } = instance;

    /// <summary>The attributes that came last, in the store's form.</summary>
    internal byte[] Attributes { get; set; } = [0];

    internal long Logs { get; set; }

    internal long Errors { get; set; }

    internal long Warnings { get; set; }

    internal long Spans { get; set; }

    internal long SpanErrors { get; set; }

    internal long Series { get; set; }

    internal DateTimeOffset FirstSeen { get; set; }

    internal DateTimeOffset LastSeen { get; set; }

    /// <summary>When its metrics were last written to disk.</summary>
    internal DateTimeOffset MetricsWritten { get; set; }
}

/// <summary>The resources that sent telemetry, by number. Not thread-safe.</summary>
internal sealed class ResourceTable(RecordWriter writer, int capacity)
{
    private const string Unknown = "unknown_service";
    private const int LongestName = 256;

    private readonly List<TelemetryResource> resources = [];
    private readonly Dictionary<(string Name, string? Instance), int> numbers = [];

    /// <summary>When what is parsed next was received.</summary>
    internal DateTimeOffset Now { get; set; }

    internal int Count => resources.Count;

    internal TelemetryResource this[int number] => resources[number];

    internal IReadOnlyList<TelemetryResource> All => resources;

    /// <summary>The numbers of the resources with that name, and instance unless null.</summary>
    internal IEnumerable<int> Named(string name, string? instance) =>
        Enumerable.Range(0, resources.Count).Where(number => string.Equals(resources[number].Name, name, StringComparison.OrdinalIgnoreCase) && (instance is null || resources[number].Instance == instance));

    /// <summary>The number of the resource that the message describes; null when there are too many already.</summary>
    internal int? Find(ReadOnlySpan<byte> resource)
    {
        var (name, instance) = Names(resource);
        if (!numbers.TryGetValue((name, instance), out var number))
        {
            if (resources.Count == capacity)
            {
                return null;
            }
            number = resources.Count;
            resources.Add(new TelemetryResource(name, instance) { FirstSeen = Now });
            numbers.Add((name, instance), number);
        }
        Update(resources[number], resource);
        return number;
    }

    private static (string Name, string? Instance) Names(ReadOnlySpan<byte> resource)
    {
        var (name, instance) = (Unknown, (string?)null);
        var reader = new ProtoReader(resource);
        while (reader.NextField())
        {
            if (reader.Field != 1)
            {
                reader.Skip();
                continue;
            }
            var pair = reader.Bytes();
            var key = ProtoReader.Find(pair, 1);
            if (key.SequenceEqual("service.name"u8))
            {
                name = Text(pair) ?? Unknown;
            }
            else if (key.SequenceEqual("service.instance.id"u8))
            {
                instance = Text(pair);
            }
        }
        return (name, instance);
    }

    private static string? Text(ReadOnlySpan<byte> pair)
    {
        var utf8 = ProtoReader.Find(ProtoReader.Find(pair, 2), 1);
        return utf8.IsEmpty ? null : Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, LongestName)]);
    }

    private void Update(TelemetryResource known, ReadOnlySpan<byte> resource)
    {
        var start = writer.Output.Length;
        writer.Attributes(resource, field: 1, isIdentity: true);
        var attributes = writer.Output.Written[start..];
        if (!attributes.SequenceEqual(known.Attributes))
        {
            known.Attributes = attributes.ToArray();
        }
        writer.Output.CutTo(start);
        known.LastSeen = Now;
    }
}
