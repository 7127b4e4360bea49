namespace Aspire.Hosting.Offline;

/// <summary>What an instrument measures.</summary>
internal enum MetricKind
{
    Gauge,
    Counter,
    UpDownCounter,
    Histogram,
}

/// <summary>What names an instrument.</summary>
internal readonly record struct InstrumentKey(int Resource, int Scope, string Name);

/// <summary>An instrument as its exporter describes it.</summary>
internal sealed record MetricDescription(string Name, string Unit, string Description, MetricKind Kind);

/// <summary>A measurement that belongs to a span.</summary>
internal readonly record struct Exemplar(long Time, double Value, UInt128 Trace, ulong Span);

/// <summary>An instrument of a resource, with its points per combination of attributes. Not thread-safe.</summary>
internal sealed class MetricInstrument(InstrumentKey key, MetricDescription description)
{
    internal const int MostSeries = 2_000;
    private const int MostExemplars = 64;

    private readonly Queue<Exemplar> exemplars = [];

    internal InstrumentKey Key => key;

    internal MetricDescription Description => description;

    /// <summary>By the attributes in the store's form.</summary>
    internal Dictionary<byte[], MetricSeries> Series { get; } = new(BytesComparer.Instance);

    /// <summary>Whether combinations of attributes were refused here, or put together by the exporter.</summary>
    internal bool HasOverflow { get; set; }

    internal IEnumerable<Exemplar> Exemplars => exemplars;

    internal void Add(in Exemplar exemplar)
    {
        if (exemplars.Count == MostExemplars)
        {
            exemplars.Dequeue();
        }
        exemplars.Enqueue(exemplar);
    }
}
