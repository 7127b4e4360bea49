namespace Aspire.Hosting.Offline;

/// <summary>A resource that sent telemetry, and how much of it is kept.</summary>
internal sealed record ResourceLine(
    string Name,
    string? Instance,
    IReadOnlyDictionary<string, object?> Attributes,
    long Logs,
    long Errors,
    long Warnings,
    long Spans,
    long SpanErrors,
    long Series,
    string FirstSeen,
    string LastSeen);

/// <summary>The resources that sent telemetry of which some is kept.</summary>
internal sealed record ResourceList(IReadOnlyList<ResourceLine> Resources)
{
    internal static ResourceList Of(TelemetryContent content) => new([.. content.Resources.All
        .Where(resource => resource.Logs + resource.Spans + resource.Series > 0)
        .OrderBy(resource => resource.Name, StringComparer.Ordinal).ThenBy(resource => resource.Instance, StringComparer.Ordinal)
        .Select(resource => new ResourceLine(
            resource.Name,
            resource.Instance,
            new RecordReader(resource.Attributes, content.Strings).Attributes(),
            resource.Logs,
            resource.Errors,
            resource.Warnings,
            resource.Spans,
            resource.SpanErrors,
            resource.Series,
            TelemetryTime.ToText(resource.FirstSeen),
            TelemetryTime.ToText(resource.LastSeen)))]);
}
