namespace Aspire.Hosting.Offline;

/// <summary>The points of all instruments. Not thread-safe.</summary>
internal sealed class MetricStore(TelemetryOptions options, ResourceTable resources)
{
    // When there are too many series, a tenth goes: those that were silent longest.
    private const int Share = 10;

    private readonly Dictionary<InstrumentKey, MetricInstrument> instruments = [];
    private long numbers;

    internal int SeriesCount { get; private set; }

    internal long Points => instruments.Values.SelectMany(instrument => instrument.Series.Values).Sum(series => (long)series.Count);

    internal long Bytes => numbers * sizeof(double);

    internal IReadOnlyCollection<MetricInstrument> Instruments => instruments.Values;

    /// <summary>Keeps a point; false when there is no place for its series.</summary>
    internal bool Add(in MetricPoint point, ReadOnlySpan<byte> attributes)
    {
        var key = new InstrumentKey(point.Resource, point.Scope, point.Description.Name);
        if (!instruments.TryGetValue(key, out var instrument) || instrument.Description.Kind != point.Description.Kind)
        {
            Remove(key);
            instruments.Add(key, instrument = new MetricInstrument(key, point.Description));
        }
        instrument.HasOverflow |= point.IsOverflow;
        if (Find(instrument, point, attributes) is not { } series)
        {
            instrument.HasOverflow = true;
            return false;
        }
        var allocated = series.Allocated;
        series.Add(point.Time, point.IsDelta ? Cumulated(series, point) : point.Numbers, (int)Math.Min(int.MaxValue, options.MostMetricNumbers - numbers));
        numbers += series.Allocated - allocated;
        foreach (var exemplar in point.Exemplars ?? [])
        {
            instrument.Add(exemplar);
        }
        return true;
    }

    /// <summary>Forgets the instruments of a resource, or of all.</summary>
    internal void Clear(int? resource)
    {
        foreach (var key in instruments.Keys.Where(key => resource is null || key.Resource == resource).ToArray())
        {
            Remove(key);
        }
    }

    private MetricSeries? Find(MetricInstrument instrument, in MetricPoint point, ReadOnlySpan<byte> attributes)
    {
        var lookup = instrument.Series.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (lookup.TryGetValue(attributes, out var known) && known.Width == point.Numbers.Length && known.Bounds.AsSpan().SequenceEqual(point.Bounds))
        {
            return known;
        }
        if (known is not null)
        {
            Remove(instrument, known);
        }
        if (instrument.Series.Count >= MetricInstrument.MostSeries)
        {
            return null;
        }
        if (SeriesCount >= options.MostSeries)
        {
            RemoveSilent(instrument);
        }
        var series = new MetricSeries(attributes.ToArray(), point.Bounds, point.Numbers.Length);
        instrument.Series.Add(series.Attributes, series);
        SeriesCount++;
        resources[instrument.Key.Resource].Series++;
        return series;
    }

    private static double[] Cumulated(MetricSeries series, in MetricPoint point)
    {
        if (series.Count == 0)
        {
            return point.Numbers;
        }
        var sums = (double[])point.Numbers.Clone();
        var last = series.Point(series.Count - 1);
        for (var index = 0; index < sums.Length; index++)
        {
            // The smallest and the largest are those of the last report.
            sums[index] += sums.Length > 1 && index is 2 or 3 ? 0 : last[index];
        }
        return sums;
    }

    private void RemoveSilent(MetricInstrument current)
    {
        var silent = instruments.Values.SelectMany(instrument => instrument.Series.Values.Select(series => (Instrument: instrument, Series: series)))
            .OrderBy(one => one.Series.LastTime).Take(Math.Max(1, options.MostSeries / Share)).ToArray();
        foreach (var (instrument, series) in silent)
        {
            Remove(instrument, series);
            if (instrument.Series.Count == 0 && instrument != current)
            {
                instruments.Remove(instrument.Key);
            }
        }
    }

    private void Remove(InstrumentKey key)
    {
        if (instruments.Remove(key, out var instrument))
        {
            foreach (var series in instrument.Series.Values.ToArray())
            {
                Remove(instrument, series);
            }
        }
    }

    private void Remove(MetricInstrument instrument, MetricSeries series)
    {
        instrument.Series.Remove(series.Attributes);
        numbers -= series.Allocated;
        SeriesCount--;
        resources[instrument.Key.Resource].Series--;
    }
}
