namespace Aspire.Hosting.Offline;

/// <summary>The records of one request, before they are kept: their bytes are in the writer, from offset on.</summary>
internal sealed class ParsedBatch<T> where T : struct
{
    private readonly List<(T Entry, int Offset, int Length)> items = [];

    internal IReadOnlyList<(T Entry, int Offset, int Length)> Items => items;

    internal int Rejected { get; private set; }

    /// <summary>Why some were rejected: the first reason. Null when none was.</summary>
    internal string? Reason { get; private set; }

    internal IngestResult Result => new(items.Count, Rejected, Reason);

    internal void Add(in T entry, int offset, int length) => items.Add((entry, offset, length));

    internal void Reject(int count, string reason)
    {
        Rejected += count;
        Reason ??= reason;
    }

    internal void Clear()
    {
        items.Clear();
        (Rejected, Reason) = (0, null);
    }
}

/// <summary>What became of a request.</summary>
/// <param name="Accepted">Records that were kept.</param>
/// <param name="Rejected">Records that were not.</param>
/// <param name="Reason">Why not; null when all were.</param>
internal readonly record struct IngestResult(long Accepted, long Rejected, string? Reason);
