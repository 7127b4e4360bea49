using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Conformance.Feeds;

namespace Stack.Tests.Orchestrator.Messaging.RabbitMq;

/// <summary>An engine that takes results when the test lets it, as one whose store is slow.</summary>
internal sealed class HeldReports(ITaskFeed engine) : ITaskFeed
{
    private readonly ConcurrentQueue<TaskId> _seen = new();

    /// <summary>The results that came, as often as they came.</summary>
    public IReadOnlyCollection<TaskId> Seen => _seen;

    /// <summary>When a result may be taken. The default: at once.</summary>
    public Func<TaskId, Task> Hold { get; set; } = _ => Task.CompletedTask;

    public static void Put(IServiceCollection services) => services.Replace(ServiceDescriptor.Singleton<ITaskFeed>(provider => new HeldReports(ActivatorUtilities.CreateInstance<TaskFeed>(provider))));

    public static HeldReports Of(FeedSystem system) => (HeldReports)system.Services.GetRequiredService<ITaskFeed>();

    public Task UntilSeenAsync(TaskId task) => Eventually.TrueAsync(() => _seen.Contains(task), $"The result of {task} came.");

    public async Task<IReadOnlyList<ResultReceipt>> ReportAsync(IReadOnlyList<ResultEnvelope> results, CancellationToken cancellationToken)
    {
        foreach (var result in results)
        {
            _seen.Enqueue(result.TaskId);
        }

        await Task.WhenAll(results.Select(result => Hold(result.TaskId))).WaitAsync(cancellationToken);
        return await engine.ReportAsync(results, cancellationToken);
    }

    public Task<AgentRegistered> RegisterAsync(AgentRegistration registration, CancellationToken cancellationToken) => engine.RegisterAsync(registration, cancellationToken);

    public Task DeregisterAsync(AgentId agentId, CancellationToken cancellationToken) => engine.DeregisterAsync(agentId, cancellationToken);

    public Task<IReadOnlyList<TaskEnvelope>> ClaimAsync(TaskClaim claim, CancellationToken cancellationToken) => engine.ClaimAsync(claim, cancellationToken);

    public Task<bool> StartAsync(TaskId taskId, AgentId agentId, CancellationToken cancellationToken) => engine.StartAsync(taskId, agentId, cancellationToken);

    public Task<HeartbeatReply> HeartbeatAsync(AgentHeartbeat heartbeat, CancellationToken cancellationToken) => engine.HeartbeatAsync(heartbeat, cancellationToken);

    public Task ReportStatusAsync(IReadOnlyList<StatusEnvelope> statuses, CancellationToken cancellationToken) => engine.ReportStatusAsync(statuses, cancellationToken);

    public Task<JsonPayload?> FindStepAsync(StepKey key, CancellationToken cancellationToken) => engine.FindStepAsync(key, cancellationToken);

    public Task<JsonPayload?> RecordStepAsync(TaskId taskId, StepKey key, JsonPayload result, CancellationToken cancellationToken) =>
        engine.RecordStepAsync(taskId, key, result, cancellationToken);
}
