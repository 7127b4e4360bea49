namespace Aspire.Hosting.Offline;

/// <summary>Which resources are asked for: any of some names, or all when there is no name; of an instance, or of all when null.</summary>
internal sealed record ResourceFilter(IReadOnlyList<string> Names, string? Instance)
{
    internal static ResourceFilter Read(TelemetryQuery query) => new(query.Texts("resource"), query.Text("instance"));

    internal bool AllowsAll => Names.Count == 0 && Instance is null;

    /// <summary>By number, whether the resource is asked for; null when all are.</summary>
    internal bool[]? Select(ResourceTable resources) => AllowsAll ? null : [.. resources.All.Select(Allows)];

    internal bool Allows(TelemetryResource resource) =>
        (Names.Count == 0 || Names.Contains(resource.Name, StringComparer.OrdinalIgnoreCase)) && (Instance is null || resource.Instance == Instance);
}
