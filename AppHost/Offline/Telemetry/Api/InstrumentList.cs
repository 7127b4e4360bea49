namespace Aspire.Hosting.Offline;

/// <summary>An instrument in a list.</summary>
internal sealed record InstrumentLine(
    string Resource, string? Instance, string Scope, string Name, string Unit, string Description, MetricKind Kind, int Series, string? Last);

/// <summary>The instruments of the resources that are asked for, by resource, scope and name.</summary>
internal sealed record InstrumentList(IReadOnlyList<InstrumentLine> Instruments)
{
    internal static InstrumentList Find(TelemetryContent content, ResourceFilter filter)
    {
        var selected = filter.Select(content.Resources);
        return new InstrumentList([.. content.Metrics.Instruments
            .Where(instrument => instrument.Series.Count > 0 && (selected is null || selected[instrument.Key.Resource]))
            .Select(instrument => LineOf(content, instrument))
            .OrderBy(line => line.Resource, StringComparer.Ordinal).ThenBy(line => line.Instance, StringComparer.Ordinal)
            .ThenBy(line => line.Scope, StringComparer.Ordinal).ThenBy(line => line.Name, StringComparer.Ordinal)]);
    }

    private static InstrumentLine LineOf(TelemetryContent content, MetricInstrument instrument)
    {
        var resource = content.Resources[instrument.Key.Resource];
        var last = instrument.Series.Values.Max(series => series.LastTime);
        return new InstrumentLine(
            resource.Name,
            resource.Instance,
            content.Scopes[instrument.Key.Scope].Name,
            instrument.Description.Name,
            instrument.Description.Unit,
            instrument.Description.Description,
            instrument.Description.Kind,
            instrument.Series.Count,
            last == 0 ? null : TelemetryTime.ToText(last));
    }
}
