namespace Aspire.Hosting.Offline;

/// <summary>A window cut into steps of the same length, and what series are worth in each.</summary>
internal sealed class MetricSteps
{
    private const long Second = 1_000_000_000;

    /// <summary>How long a value is held when nothing newer comes: longer than the usual interval of exporters, which is a minute.</summary>
    private const long Held = 90 * Second;

    internal MetricSteps(long now, TimeSpan window, int count)
    {
        Count = count;
        Length = window.Ticks * 100 / count;
        // Steps begin at multiples of their length, so that values stay where they are when it is asked again.
        To = ((now / Length) + 1) * Length;
        From = To - (Length * count);
    }

    internal int Count { get; }

    /// <summary>Nanoseconds.</summary>
    internal long Length { get; }

    internal long From { get; }

    internal long To { get; }

    internal long EndOf(int step) => From + (Length * (step + 1));

    /// <summary>The last value at the end of each step.</summary>
    internal double?[] LevelOf(MetricSeries series)
    {
        var levels = new double?[Count];
        var index = -1;
        for (var step = 0; step < Count; step++)
        {
            while (index + 1 < series.Count && series.Time(index + 1) <= EndOf(step))
            {
                index++;
            }
            levels[step] = index >= 0 && EndOf(step) - Length - series.Time(index) <= HoldAfter(series, index) ? series.Point(index)[0] : null;
        }
        return levels;
    }

    /// <summary>How much a counter grew in each step, per second.</summary>
    internal double?[] RateOf(MetricSeries series)
    {
        var track = new CumulativeTrack(series);
        var growth = new double[1];
        return [.. Enumerable.Range(0, Count).Select(step => track.Growth(EndOf(step) - Length, EndOf(step), growth) ? growth[0] * Second / Length : (double?)null)];
    }

    /// <summary>The sum of series by step; null where none has a value.</summary>
    internal double?[] Sum(IEnumerable<double?[]> all)
    {
        var sums = new double?[Count];
        foreach (var one in all)
        {
            for (var step = 0; step < Count; step++)
            {
                sums[step] = one[step] is { } value ? (sums[step] ?? 0) + value : sums[step];
            }
        }
        return sums;
    }

    // Between two points the value was held, however far they are apart; after the last one, for a while.
    private static long HoldAfter(MetricSeries series, int index) => index < series.Count - 1 ? long.MaxValue : Held;
}
