namespace Aspire.Hosting.Offline;

/// <summary>A series whose numbers only grow, except when its process began anew: asked how much it grew between two times. Between two points it grows evenly.</summary>
internal sealed class CumulativeTrack
{
    private readonly MetricSeries series;
    private readonly double[] sums;
    private int next;

    internal CumulativeTrack(MetricSeries series)
    {
        this.series = series;
        sums = new double[series.Count * series.Width];
        for (var index = 0; index < series.Count; index++)
        {
            var point = series.Point(index);
            // The first number is the count, or the only one: where it shrank, everything began anew.
            var isAnew = index > 0 && point[0] < series.Point(index - 1)[0];
            for (var number = 0; number < series.Width; number++)
            {
                var before = index == 0 ? 0 : sums[((index - 1) * series.Width) + number];
                var grown = index == 0 || isAnew ? point[number] : point[number] - series.Point(index - 1)[number];
                sums[(index * series.Width) + number] = before + grown;
            }
        }
    }

    /// <summary>Puts the growth of each number into <paramref name="growth"/>; false when the times are not within what is known. Asked with times that do not go back.</summary>
    internal bool Growth(long from, long to, Span<double> growth)
    {
        if (series.Count == 0 || to <= series.Time(0) || from >= series.LastTime)
        {
            return false;
        }
        while (next > 0 && series.Time(next) > from)
        {
            next--;
        }
        for (var number = 0; number < growth.Length; number++)
        {
            growth[number] = At(to, number) - At(from, number);
        }
        return true;
    }

    private double At(long time, int number)
    {
        while (next + 1 < series.Count && series.Time(next + 1) <= time)
        {
            next++;
        }
        while (next > 0 && series.Time(next) > time)
        {
            next--;
        }
        var here = sums[(next * series.Width) + number];
        if (time <= series.Time(next) || next + 1 == series.Count)
        {
            return here;
        }
        var share = (time - series.Time(next)) / (double)(series.Time(next + 1) - series.Time(next));
        return here + ((sums[((next + 1) * series.Width) + number] - here) * share);
    }
}
