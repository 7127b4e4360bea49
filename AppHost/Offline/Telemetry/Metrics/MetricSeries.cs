namespace Aspire.Hosting.Offline;

/// <summary>
/// The points of one combination of attributes. A point is one number, or of a histogram: count, sum, smallest, largest, and the count of each bucket; counters and
/// histograms are cumulative. When it is full, older points get sparser: the gap between two grows with their age, so that hours fit. A value that stays takes two points.
/// Not thread-safe.
/// </summary>
internal sealed class MetricSeries(byte[] attributes, double[] bounds, int width)
{
    /// <summary>Where the buckets of a histogram begin in a point.</summary>
    internal const int FirstBucket = 4;

    private const int FirstCapacity = 8;
    private const int MostNumbers = 512;
    private const int MostHistograms = 256;

    private long[] times = [];
    private double[] numbers = [];

    /// <summary>In the store's form.</summary>
    internal byte[] Attributes => attributes;

    /// <summary>The upper bounds of a histogram's buckets; the last bucket has none.</summary>
    internal double[] Bounds => bounds;

    /// <summary>Numbers per point.</summary>
    internal int Width => width;

    internal int Count { get; private set; }

    internal long LastTime => Count == 0 ? 0 : times[Count - 1];

    /// <summary>How many numbers its memory holds, times included.</summary>
    internal int Allocated => times.Length + numbers.Length;

    private int MostPoints => width == 1 ? MostNumbers : MostHistograms;

    // A gap may be this part of its age. With it, a point a second for twelve hours comes to three quarters of what has room.
    private int Sparseness => MostPoints / 20;

    internal long Time(int index) => times[index];

    internal ReadOnlySpan<double> Point(int index) => numbers.AsSpan(index * width, width);

    /// <summary>Adds a point; one that is not newer than the last is left out. The memory may grow by as many numbers as <paramref name="allowance"/> says.</summary>
    internal void Add(long time, ReadOnlySpan<double> point, int allowance)
    {
        if (Count > 0 && time <= LastTime)
        {
            return;
        }
        if (Count >= 2 && point.SequenceEqual(Point(Count - 1)) && point.SequenceEqual(Point(Count - 2)))
        {
            times[Count - 1] = time;
            return;
        }
        if (Count == times.Length && !TryGrow(allowance))
        {
            Thin();
        }
        if (Count == times.Length)
        {
            return;
        }
        times[Count] = time;
        point.CopyTo(numbers.AsSpan(Count * width));
        Count++;
    }

    private bool TryGrow(int allowance)
    {
        var capacity = Math.Min(MostPoints, Math.Max(FirstCapacity, times.Length * 2));
        if (capacity == times.Length || (capacity - times.Length) * (width + 1) > allowance)
        {
            return false;
        }
        Array.Resize(ref times, capacity);
        Array.Resize(ref numbers, capacity * width);
        return true;
    }

    private void Thin()
    {
        var kept = 0;
        for (var index = 0; index < Count; index++)
        {
            var isNeeded = index == 0 || index == Count - 1 || times[index + 1] - times[kept - 1] > (LastTime - times[index]) / Sparseness;
            if (isNeeded)
            {
                Move(index, kept++);
            }
        }
        Count = kept;
        var room = times.Length / 4;
        if (Count > times.Length - room)
        {
            var gone = Count - (times.Length - room);
            for (var index = gone; index < Count; index++)
            {
                Move(index, index - gone);
            }
            Count -= gone;
        }
    }

    private void Move(int from, int to)
    {
        if (from != to)
        {
            times[to] = times[from];
            Point(from).CopyTo(numbers.AsSpan(to * width));
        }
    }
}
