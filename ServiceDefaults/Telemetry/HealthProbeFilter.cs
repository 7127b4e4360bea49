using System.Diagnostics;
using OpenTelemetry;
using Stack.ServiceDefaults.Health;

namespace Stack.ServiceDefaults.Telemetry;

/// <summary>Leaves health probes, answered and sent, out of traces: a host that asks every second would drown everything else.</summary>
internal sealed class HealthProbeFilter : BaseProcessor<Activity>
{
    // At start, so that what the probe calls (a database ping) sees an unsampled parent and is left out too.
    public override void OnStart(Activity data)
    {
        if (IsProbe(data))
        {
            data.IsAllDataRequested = false;
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }

    public override void OnEnd(Activity data)
    {
        if (data.Recorded && IsProbe(data))
        {
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }

    private static bool IsProbe(Activity activity) => activity.Kind switch
    {
        ActivityKind.Server => activity.GetTagItem("url.path") is string path && HealthEndpoints.IsHealthPath(path),
        // Known at the end only, and no other span lies below it.
        ActivityKind.Client => activity.GetTagItem("url.full") is string url && HealthEndpoints.IsHealthUrl(url),
        _ => false,
    };
}
