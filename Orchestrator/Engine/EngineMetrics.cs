using System.Diagnostics;
using System.Diagnostics.Metrics;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What the engine measures. Meter and activity source <c>Stack.Engine</c>.</summary>
internal static class EngineMetrics
{
    public const string Name = "Stack.Engine";

    public static readonly ActivitySource Activities = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly Histogram<double> CommitDuration = Meter.CreateHistogram<double>("stack.engine.commit.duration", "s", "From taking a batch of inputs to its durability.");
    private static readonly Histogram<int> CommitSize = Meter.CreateHistogram<int>("stack.engine.commit.workflows", "{workflow}", "Workflows that one transaction changed.");
    private static readonly Counter<long> Results = Meter.CreateCounter<long>("stack.engine.results", "{result}", "Results by what became of them.");
    private static readonly Counter<long> Rescued = Meter.CreateCounter<long>("stack.engine.rescued", "{attempt}", "Attempts that were taken away from silent or late agents.");

    public static void Committed(int workflows, TimeSpan duration)
    {
        CommitDuration.Record(duration.TotalSeconds);
        CommitSize.Record(workflows);
    }

    public static void Reported(ReceiptStatus status) => Results.Add(1, new KeyValuePair<string, object?>("status", status.ToString()));

    public static void WasRescued(bool late) => Rescued.Add(1, new KeyValuePair<string, object?>("reason", late ? "timeout" : AttemptPolicy.LeaseExpired));
}
