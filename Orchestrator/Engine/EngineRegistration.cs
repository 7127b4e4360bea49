using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Puts the engine into a host.</summary>
public static class EngineRegistration
{
    /// <summary>
    /// Adds the engine. The host also needs an <see cref="IWorkflowStore"/>, an <see cref="IDefinitionStore"/>, an <see cref="IAgentRegistry"/> and an <see cref="IWorkspaces"/>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets options. Null: the defaults.</param>
    public static IServiceCollection AddEngine(this IServiceCollection services, Action<EngineOptions>? configure = null)
    {
        var options = services.AddOptions<EngineOptions>();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.AddSingleton<IValidateOptions<EngineOptions>, OptionsCheck>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<INodeDirectory, SoleNode>();
        services.AddSingleton<ClusterNode>();
        services.AddSingleton<AbandonedAttempts>();
        services.AddSingleton<BranchRecovery>();
        services.AddSingleton<EventSignal>();
        services.AddSingleton<RecentEvents>();
        services.AddSingleton<WorkflowCache>();
        services.AddSingleton<LeaseBuffer>();
        services.AddSingleton<ReadyQueue>();
        services.AddSingleton<AttemptHolders>();
        services.AddSingleton<AttemptLeases>();
        services.AddSingleton<Quarantine>();
        services.AddSingleton<EnvelopeBuilder>();
        services.AddSingleton<ClaimBoard>();
        services.AddSingleton<ClaimSettler>();
        services.TryAddSingleton<IClaimVerifier, NoClaimVerifier>();
        services.AddSingleton<CommitEffects>();
        services.AddSingleton<ResultIntake>();
        services.AddSingleton<WorkflowRemover>();
        services.AddSingleton<ITaskFeed, TaskFeed>();
        services.AddSingleton<ITaskDispatch, TaskDispatch>();
        services.AddSingleton<IBacklog, StoreBacklog>();
        services.AddSingleton(provider => new WorkflowEngine(
            provider.GetRequiredService<Committer>(),
            provider.GetRequiredService<WorkflowCache>(),
            provider.GetRequiredService<IWorkflowStore>(),
            provider.GetRequiredService<TimeProvider>()));

        services.TryAddSingleton<IApprovalStore>(provider => provider.GetRequiredService<IWorkflowStore>());
        services.TryAddSingleton<IApprovedEffects, NoApprovedEffects>();
        services.AddSingleton(provider => new ApprovalInbox(
            provider.GetRequiredService<WorkflowEngine>(),
            provider.GetRequiredService<IApprovalStore>(),
            provider.GetRequiredService<EffectRunner>(),
            provider.GetRequiredService<TimeProvider>()));

        // Services stop in reverse order: the loops first, then the committer with what they handed in, then the branches.
        services.AddHostedSingleton<EngineRecovery>();
        services.AddHostedSingleton<WorkspaceAdvancer>();
        services.AddHostedSingleton<Committer>();
        services.AddHostedSingleton<AttemptReleaser>();
        services.AddHostedSingleton<NodeBeater>();
        services.AddHostedSingleton<ParkedTaker>();
        services.AddHostedSingleton<BacklogSharer>();
        services.AddHostedSingleton<ForgottenFinder>();
        services.AddHostedSingleton<HeldChecker>();
        services.AddHostedSingleton<EventFollower>();
        services.AddHostedSingleton<LeaseRescuer>();
        services.AddHostedSingleton<TimerRunner>();
        services.AddHostedSingleton<ClaimVerifier>();
        services.AddHostedSingleton<EffectRunner>();
        services.AddHostedSingleton<RetentionPruner>();
        return services;
    }

    /// <summary>Adds what wakes readers of events when another orchestrator committed some. The host also needs an <see cref="IEventBus"/>.</summary>
    /// <param name="services">The host's services.</param>
    public static IServiceCollection AddEventRelay(this IServiceCollection services) => services.AddHostedService<EventRelay>();

    private static void AddHostedSingleton<T>(this IServiceCollection services)
        where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<T>());
    }

    private sealed class OptionsCheck : IValidateOptions<EngineOptions>
    {
        public ValidateOptionsResult Validate(string? name, EngineOptions options) =>
            options.Validate() is { Count: > 0 } problems ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }
}
