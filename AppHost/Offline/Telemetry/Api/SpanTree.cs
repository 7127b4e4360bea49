namespace Aspire.Hosting.Offline;

/// <summary>Puts the spans of a trace into the order of display: each after its parent, siblings by their start.</summary>
internal static class SpanTree
{
    /// <summary>The spans with the number of their ancestors. A span whose parent is not there is a root; so is one that is its own ancestor.</summary>
    internal static IEnumerable<(long Number, int Depth)> Order(TelemetryContent content, IEnumerable<long> spans)
    {
        // An exporter that tries again sends a span twice: the last counts.
        var byId = new Dictionary<ulong, long>();
        foreach (var number in spans)
        {
            byId.TryAdd(content.Spans[number].Id, number);
        }
        var ordered = byId.Values.OrderBy(number => content.Spans[number].Start).ThenBy(number => number).ToArray();
        var children = ordered.Where(HasParent).ToLookup(number => content.Spans[number].Parent);
        var shown = new HashSet<long>();
        var result = new List<(long, int)>(ordered.Length);
        foreach (var root in ordered.Where(number => !HasParent(number)).Concat(ordered))
        {
            Walk(root);
        }
        return result;

        bool HasParent(long number) => content.Spans[number].Parent is not 0 and var parent && parent != content.Spans[number].Id && byId.ContainsKey(parent);

        // Not recursive: a trace may be as deep as it has spans.
        void Walk(long root)
        {
            var open = new Stack<(long Number, int Depth)>([(root, 0)]);
            while (open.TryPop(out var next))
            {
                if (!shown.Add(next.Number))
                {
                    continue;
                }
                result.Add(next);
                foreach (var child in children[content.Spans[next.Number].Id].Reverse())
                {
                    open.Push((child, next.Depth + 1));
                }
            }
        }
    }
}
