namespace Aspire.Hosting.Offline;

/// <summary>A data point of a request, before it is kept.</summary>
internal record struct MetricPoint
{
    internal int Resource { get; set; }

    internal int Scope { get; set; }

    internal MetricDescription Description { get; set; }

    /// <summary>Whether it tells the change since the last one, and not the sum since the start.</summary>
    internal bool IsDelta { get; set; }

    internal long Time { get; set; }

    /// <summary>As <see cref="MetricSeries"/> keeps them.</summary>
    internal double[] Numbers { get; set; }

    internal double[] Bounds { get; set; }

    /// <summary>Null when there is none.</summary>
    internal List<Exemplar>? Exemplars { get; set; }

    internal bool IsOverflow { get; set; }
}
