using System.Diagnostics;
using Microsoft.Extensions.Hosting;

namespace Stack.ServiceDefaults.Telemetry;

/// <summary>
/// Keeps one trace across processes when nothing is exported here: activities are created with ids only, so that W3C <c>traceparent</c> flows
/// through HTTP calls and can be stored from <see cref="Activity.Current"/>, but no tags are collected.
/// </summary>
/// <remarks>
/// Messages carry the context in their envelopes, and commits pass none on: they need no activities of their own, thousands of which would be made for nobody every second.
/// A trace that begins here is marked as sampled: a neighbour that does export samples by its parent, and would drop the trace otherwise.
/// </remarks>
internal sealed class TraceContextPropagation : IHostedLifecycleService, IDisposable
{
    private readonly ActivityListener listener = new()
    {
        ShouldListenTo = source => source.Name is "Microsoft.AspNetCore" or "System.Net.Http"
            || (source.Name.StartsWith("Stack.", StringComparison.Ordinal) && source.Name is not ("Stack.Messaging" or "Stack.Engine")),
        Sample = static (ref _) => ActivitySamplingResult.PropagationData,
        ActivityStarted = static activity =>
        {
            if (activity.ParentId is null)
            {
                activity.ActivityTraceFlags |= ActivityTraceFlags.Recorded;
            }
        },
    };

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        ActivitySource.AddActivityListener(listener);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => listener.Dispose();
}
