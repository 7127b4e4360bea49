using Stack.Contracts;

namespace Stack.Cli;

/// <summary>A task that ends every agent that takes it.</summary>
internal sealed class PoisonMessageDrill : Drill
{
    public override string Name => "poison-message";

    public override string Description => "a task that kills each agent that takes it: its stage fails as poison, and all others complete";

    public override string Component => CanaryCrew.Resource;

    public override CanaryInput InputOf(int index, Random random) => base.InputOf(index, random) with { PoisonStage = index == 0 ? CanaryDefinition.Stages[2] : null };

    public override async Task InjectAsync(DrillGround ground, CancellationToken cancellationToken)
    {
        if (await ground.Patience.UntilAsync(token => Task.FromResult(Poisoned(ground) is not null), ground.Limit, cancellationToken) is null || Poisoned(ground) is not { } id)
        {
            throw new DrillException("The poisoned workflow was not accepted.");
        }

        ground.Say($"{id} kills its agents");
        var took = await ground.Patience.UntilAsync(
            async token => WorkflowFollower.IsTerminal((await ground.Api.GetWorkflowAsync(id, token)).Status), ground.Limit, cancellationToken);
        ground.Checks.Add(new Check("the poison is recognized", took is not null, took is null ? $"not within {Words.Of(ground.Limit)}" : $"after {Words.Of(took.Value)}"));
        ground.EndFault();
    }

    private static WorkflowId? Poisoned(DrillGround ground) =>
        ground.Workload.Accepted.Where(pair => Invariants.IsPoison(pair.Value)).Select(pair => (WorkflowId?)pair.Key).FirstOrDefault();
}
