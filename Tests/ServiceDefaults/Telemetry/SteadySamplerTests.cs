using System.Diagnostics;
using OpenTelemetry.Trace;
using Stack.ServiceDefaults.Telemetry;

namespace Stack.Tests.ServiceDefaults.Telemetry;

public sealed class SteadySamplerTests
{
    private readonly ManualTime time = new();

    [Fact]
    public void ShouldSample_FewTraces_AllAreRecorded()
    {
        var sampler = new SteadySampler(10, time);

        Assert.Equal(50, Enumerable.Range(0, 50).Count(_ =>
        {
            time.Milliseconds += 100;
            return Samples(sampler);
        }));
    }

    [Fact]
    public void ShouldSample_ManyTraces_AsManyAsAllowedAreRecorded()
    {
        var sampler = new SteadySampler(10, time);

        var recorded = Enumerable.Range(0, 10_000).Count(_ =>
        {
            time.Milliseconds += 1;
            return Samples(sampler);
        });

        Assert.InRange(recorded, 105, 111);
    }

    private static bool Samples(SteadySampler sampler) =>
        sampler.ShouldSample(new SamplingParameters(default, ActivityTraceId.CreateRandom(), "any", ActivityKind.Internal)).Decision == SamplingDecision.RecordAndSample;

    private sealed class ManualTime : TimeProvider
    {
        public long Milliseconds { get; set; }

        public override long TimestampFrequency => 1_000;

        public override long GetTimestamp() => Milliseconds;
    }
}
