namespace Aspire.Hosting.Offline;

/// <summary>What histograms recorded in each step of a window, put together.</summary>
internal sealed class HistogramSteps
{
    private const int Digits = 3;

    private readonly double[]?[] steps;
    private readonly double[] bounds;

    private HistogramSteps(double[]?[] steps, double[] bounds) => (this.steps, this.bounds) = (steps, bounds);

    internal bool HasBuckets => bounds.Length > 0;

    /// <summary>Puts series together; buckets only as far as all have the same bounds.</summary>
    internal static HistogramSteps Of(IReadOnlyList<MetricSeries> series, MetricSteps window)
    {
        var bounds = series.Count > 0 && series.All(one => one.Bounds.AsSpan().SequenceEqual(series[0].Bounds)) ? series[0].Bounds : [];
        var width = bounds.Length == 0 ? MetricSeries.FirstBucket : MetricSeries.FirstBucket + bounds.Length + 1;
        var steps = new double[]?[window.Count];
        var growth = new double[width];
        foreach (var track in series.Select(one => new CumulativeTrack(one)))
        {
            for (var step = 0; step < window.Count; step++)
            {
                if (track.Growth(window.EndOf(step) - window.Length, window.EndOf(step), growth))
                {
                    var sum = steps[step] ??= new double[width];
                    for (var number = 0; number < width; number++)
                    {
                        sum[number] += growth[number];
                    }
                }
            }
        }
        return new HistogramSteps(steps, bounds);
    }

    /// <summary>How many were recorded.</summary>
    internal double?[] Counts() => [.. steps.Select(step => step is null ? (double?)null : Math.Round(step[0], Digits))];

    /// <summary>Their mean; null where none was recorded.</summary>
    internal double?[] Means() => [.. steps.Select(step => IsEmpty(step) ? (double?)null : step![1] / step[0])];

    /// <summary>The value below which that share is, evenly spread within its bucket; null where none was recorded.</summary>
    internal IReadOnlyList<double?> Percentiles(double percentile) => [.. steps.Select(step => IsEmpty(step) ? (double?)null : Percentile(step!, percentile))];

    private static bool IsEmpty(double[]? step) => step is null || step[0] < 1e-9;

    private double Percentile(double[] step, double percentile)
    {
        var buckets = step.AsSpan(MetricSeries.FirstBucket);
        var total = 0d;
        foreach (var bucket in buckets)
        {
            total += bucket;
        }
        var (wanted, below) = (total * percentile / 100, 0d);
        for (var index = 0; index < buckets.Length; index++)
        {
            if (buckets[index] <= 0 || below + buckets[index] < wanted)
            {
                below += buckets[index];
                continue;
            }
            // The first bucket begins at zero, unless its bound is negative; the last one has no end.
            var lower = index == 0 ? Math.Min(0, bounds[0]) : bounds[index - 1];
            var upper = index < bounds.Length ? bounds[index] : bounds[^1];
            return lower + ((upper - lower) * Math.Clamp((wanted - below) / buckets[index], 0, 1));
        }
        return bounds[^1];
    }
}
