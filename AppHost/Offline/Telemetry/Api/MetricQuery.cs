using System.Globalization;

namespace Aspire.Hosting.Offline;

/// <summary>A key of the attributes of an instrument, and its values.</summary>
internal sealed record MetricDimension(string Key, IReadOnlyList<string> Values);

/// <summary>The values of some points, one for each step; null where nothing is known.</summary>
internal sealed record SeriesAnswer(
    string? Instance,
    IReadOnlyDictionary<string, object?> Attributes,
    IReadOnlyList<double?> Values,
    IReadOnlyList<double?>? Rate,
    IReadOnlyList<double?>? Count,
    IReadOnlyDictionary<string, IReadOnlyList<double?>>? Percentiles);

/// <summary>A measurement that belongs to a span.</summary>
internal sealed record ExemplarAnswer(string Time, double Value, string? TraceId, string? SpanId);

/// <summary>An instrument over a window.</summary>
internal sealed record MetricAnswer(
    string Resource,
    string Scope,
    string Name,
    string Unit,
    string Description,
    MetricKind Kind,
    string From,
    string To,
    double StepMs,
    bool Overflow,
    IReadOnlyList<MetricDimension> Dimensions,
    IReadOnlyList<string> Times,
    IReadOnlyList<SeriesAnswer> Series,
    SeriesAnswer Total,
    IReadOnlyList<ExemplarAnswer> Exemplars);

/// <summary>Which instrument is asked for, and how.</summary>
internal sealed record MetricQuery
{
    private const int MostSeriesShown = 200;

    private string Resource { get; init; } = "";

    private string? Instance { get; init; }

    private string? Scope { get; init; }

    private string Name { get; init; } = "";

    private TimeSpan Window { get; init; }

    private int Points { get; init; }

    private IReadOnlyList<double> Percentiles { get; init; } = [];

    private ILookup<string, AttributeFilter> Attributes { get; init; } = Array.Empty<AttributeFilter>().ToLookup(filter => filter.Key);

    internal static MetricQuery Read(TelemetryQuery query) => new()
    {
        Resource = query.Text("resource") ?? throw new BadQueryException("resource", "", "Give the name of a resource that GET metrics lists."),
        Instance = query.Text("instance"),
        Scope = query.Text("scope"),
        Name = query.Text("name") ?? throw new BadQueryException("name", "", "Give the name of an instrument that GET metrics lists."),
        Window = TimeSpan.FromSeconds(Math.Clamp(query.Number("window") ?? 300, 10, 43_200)),
        Points = (int)Math.Clamp(query.Integer("points") ?? 120, 2, 500),
        Percentiles = [.. (query.Text("percentiles") ?? "50,90,99").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Take(10).Select(Percentile)],
        Attributes = query.Texts("attribute").Select(AttributeFilter.Parse).ToLookup(filter => filter.Key, StringComparer.Ordinal),
    };

    /// <summary>The instrument over the window that ends now; null when it is not known.</summary>
    internal MetricAnswer? Find(TelemetryContent content, DateTimeOffset now)
    {
        var instruments = content.Metrics.Instruments.Where(instrument => IsMeant(content, instrument)).ToArray();
        if (instruments.Length == 0)
        {
            return null;
        }
        var description = instruments[^1].Description;
        var all = instruments.Where(instrument => instrument.Description.Kind == description.Kind).SelectMany(instrument => instrument.Series.Values.Select(series => new ReadSeries(
            content.Resources[instrument.Key.Resource].Instance, new RecordReader(series.Attributes, content.Strings).Attributes(), series))).ToArray();
        var selected = all.Where(one => Attributes.All(filters => filters.Any(filter => filter.Allows(one.Attributes)))).ToArray();
        var steps = new MetricSteps(TelemetryTime.From(now), Window, Points);
        return new MetricAnswer(
            Resource,
            content.Scopes[instruments[^1].Key.Scope].Name,
            description.Name,
            description.Unit,
            description.Description,
            description.Kind,
            TelemetryTime.ToText(steps.From),
            TelemetryTime.ToText(steps.To),
            TelemetryTime.ToMilliseconds(steps.Length),
            instruments.Any(instrument => instrument.HasOverflow),
            DimensionsOf(all),
            [.. Enumerable.Range(0, steps.Count).Select(step => TelemetryTime.ToText(steps.EndOf(step)))],
            [.. selected.Take(MostSeriesShown).Select(one => Answer([one], steps, description.Kind, one.Instance, one.Attributes, []))],
            Answer(selected, steps, description.Kind, instance: null, new Dictionary<string, object?>(), Percentiles),
            [.. instruments.SelectMany(instrument => instrument.Exemplars).Where(exemplar => exemplar.Time >= steps.From).OrderBy(exemplar => exemplar.Time)
                .Select(exemplar => new ExemplarAnswer(TelemetryTime.ToText(exemplar.Time), double.IsFinite(exemplar.Value) ? exemplar.Value : 0, TelemetryWords.OfTrace(exemplar.Trace), TelemetryWords.OfSpan(exemplar.Span)))]);
    }

    private static double Percentile(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 100
        ? number
        : throw new BadQueryException("percentiles", text, "Give numbers from 0 to 100, with commas between.");

    private bool IsMeant(TelemetryContent content, MetricInstrument instrument)
    {
        var resource = content.Resources[instrument.Key.Resource];
        return instrument.Key.Name == Name
            && (Scope is null || content.Scopes[instrument.Key.Scope].Name == Scope)
            && string.Equals(resource.Name, Resource, StringComparison.OrdinalIgnoreCase)
            && (Instance is null || resource.Instance == Instance);
    }

    private static MetricDimension[] DimensionsOf(IEnumerable<ReadSeries> all) =>
        [.. all.SelectMany(one => one.Attributes).GroupBy(pair => pair.Key, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new MetricDimension(group.Key, [.. group.Select(pair => RecordReader.AsText(pair.Value)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]))];

    private static SeriesAnswer Answer(
        IReadOnlyList<ReadSeries> series, MetricSteps steps, MetricKind kind, string? instance, IReadOnlyDictionary<string, object?> attributes, IReadOnlyList<double> percentiles)
    {
        var tracks = series.Select(one => one.Series).ToArray();
        if (kind == MetricKind.Histogram)
        {
            var histogram = HistogramSteps.Of(tracks, steps);
            return new SeriesAnswer(instance, attributes, histogram.Means(), Rate: null, histogram.Counts(), percentiles.Count == 0 || !histogram.HasBuckets ? null : percentiles.ToDictionary(
                percentile => percentile.ToString(CultureInfo.InvariantCulture), histogram.Percentiles));
        }
        var values = steps.Sum(tracks.Select(steps.LevelOf));
        return new SeriesAnswer(instance, attributes, values, kind == MetricKind.Counter ? steps.Sum(tracks.Select(steps.RateOf)) : null, Count: null, Percentiles: null);
    }

    private sealed record ReadSeries(string? Instance, Dictionary<string, object?> Attributes, MetricSeries Series);
}
