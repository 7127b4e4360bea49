using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Kills an agent that holds attempts.</summary>
internal sealed class KillAgentDrill : Drill
{
    public override string Name => "kill-agent";

    public override string Description => "kill -9 of an agent that holds attempts: others take them over";

    public override string Component => CanaryCrew.Resource;

    // Long enough that the orchestrator hears who holds what.
    public override CanaryInput InputOf(int index, Random random) => base.InputOf(index, random) with { DelayMs = random.Next(500, 1000) };

    public override async Task InjectAsync(DrillGround ground, CancellationToken cancellationToken)
    {
        var (instance, agent) = await ground.Crew.FindBusyAsync(ground.Limit, cancellationToken);
        ground.Say($"killing {agent} (pid {instance.ProcessId})");
        await ground.CommandAsync(CanaryCrew.Resource, "kill", instance.Id, cancellationToken);
        ground.EndFault();
    }
}

/// <summary>Kills an orchestrator.</summary>
internal sealed class KillOrchestratorDrill : Drill
{
    public override string Name => "kill-orchestrator";

    public override string Description => "kill -9 of the orchestrator while it is at work: it goes on where the store stands";

    public override string Component => "orchestrator";

    public override async Task InjectAsync(DrillGround ground, CancellationToken cancellationToken)
    {
        await ground.WaitForWorkAsync(cancellationToken);
        var instances = (await ground.Host.FindAsync(Component, cancellationToken))?.Running.ToList() ?? [];
        if (instances.Count == 0)
        {
            throw new DrillException("No orchestrator runs.");
        }

        var victim = instances[ground.Random.Next(instances.Count)];
        ground.Say($"killing {victim.Id} (pid {victim.ProcessId})");
        await ground.CommandAsync(Component, "kill", victim.Id, cancellationToken);
        ground.EndFault();
    }
}
