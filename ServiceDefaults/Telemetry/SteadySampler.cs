using OpenTelemetry.Trace;

namespace Stack.ServiceDefaults.Telemetry;

/// <summary>
/// Records every trace while a service begins few, and a steady number of them when it begins more: what a busy service tells costs no more than that. Traces that
/// another service began are recorded when that one does. Thread-safe.
/// </summary>
/// <param name="perSecond">Traces that may begin in a second; as many more at once after a quiet second.</param>
/// <param name="time">The clock.</param>
internal sealed class SteadySampler(int perSecond, TimeProvider time) : Sampler
{
    /// <summary>Enough for everything that people do by hand, and for a look at what load does.</summary>
    internal const int UsualPerSecond = 100;

    private static readonly SamplingResult Recorded = new(SamplingDecision.RecordAndSample);
    private static readonly SamplingResult Dropped = new(SamplingDecision.Drop);

    private readonly Lock gate = new();
    private double tokens = perSecond;
    private long last = time.GetTimestamp();

    /// <inheritdoc/>
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            tokens = Math.Min(perSecond, tokens + (time.GetElapsedTime(last, now).TotalSeconds * perSecond));
            last = now;
            if (tokens < 1)
            {
                return Dropped;
            }
            tokens--;
            return Recorded;
        }
    }
}
