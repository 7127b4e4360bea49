using System.Collections.Immutable;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Reads and writes the properties of a snapshot by name.</summary>
internal static class SnapshotProperties
{
    /// <summary>The properties with one set; a null value takes it away.</summary>
    internal static ImmutableArray<ResourcePropertySnapshot> With(this ImmutableArray<ResourcePropertySnapshot> properties, string name, object? value, bool sensitive = false)
    {
        var others = properties.RemoveAll(property => property.Name == name);
        return value is null ? others : others.Add(new(name, value) { IsSensitive = sensitive });
    }

    internal static object? Get(this ImmutableArray<ResourcePropertySnapshot> properties, string name) =>
        properties.FirstOrDefault(property => property.Name == name)?.Value;
}
