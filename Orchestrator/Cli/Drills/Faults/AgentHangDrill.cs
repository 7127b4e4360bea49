using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Stops an agent in the middle of its attempts until their leases are gone, and lets it go on: what it hands in then is too late.</summary>
internal sealed class AgentHangDrill : Drill
{
    private readonly List<TaskId> _held = [];

    public override string Name => "agent-hang";

    public override string Description => "SIGSTOP of an agent past its lease, then SIGCONT: its late results change nothing";

    public override string Component => CanaryCrew.Resource;

    // Long enough that the orchestrator hears who holds what.
    public override CanaryInput InputOf(int index, Random random) => base.InputOf(index, random) with { DelayMs = random.Next(500, 1000) };

    public override async Task InjectAsync(DrillGround ground, CancellationToken cancellationToken)
    {
        var (instance, agent) = await ground.Crew.FindBusyAsync(ground.Limit, cancellationToken);
        ground.Say($"stopping {agent} (pid {instance.ProcessId})");
        await ground.CommandAsync(Component, "pause", instance.Id, cancellationToken);
        try
        {
            await WaitForLossAsync(ground, agent, cancellationToken);
        }
        finally
        {
            ground.Say($"letting {agent} go on");
            await ground.CommandAsync(Component, "resume", instance.Id, CancellationToken.None);
            ground.EndFault();
        }
    }

    public override Task<IReadOnlyList<Check>> JudgeAsync(DrillGround ground, Evidence evidence, CancellationToken cancellationToken)
    {
        var late = evidence.Ledger.Where(entry => entry.Event is CanaryLedgerEvent.Finished).Select(entry => entry.TaskId).ToHashSet();
        late.IntersectWith(_held);
        var counted = evidence.Attempts.Where(attempt => attempt.Status is AttemptStatus.Completed && _held.Contains(attempt.TaskId)).Select(attempt => $"{attempt.TaskId} was lost, and counts");
        return Task.FromResult<IReadOnlyList<Check>>([Check.None("late results are stale", $"{_held.Count} attempts lost, {late.Count} of them finished too late", counted)]);
    }

    private async Task WaitForLossAsync(DrillGround ground, AgentId agent, CancellationToken cancellationToken)
    {
        var running = await ground.Patience.AnswerAsync(
            token => ground.Api.ListTasksAsync(CanaryFiles.AgentType, Words.Of(AttemptStatus.Running), limit: 500, cursor: null, token), ground.Limit, cancellationToken);
        var held = running.Tasks.Where(task => task.AgentId == agent).Select(task => task.TaskId).ToList();
        var waited = await ground.Patience.UntilAsync(
            async token =>
            {
                _held.Clear();
                foreach (var task in held)
                {
                    if ((await ground.Api.GetTaskAsync(task, token)).Status is AttemptStatus.Lost)
                    {
                        _held.Add(task);
                    }
                }

                return _held.Count == held.Count;
            },
            ground.Limit,
            cancellationToken);
        ground.Checks.Add(waited is { } took
            ? new Check("a silent agent loses its leases", held.Count > 0, held.Count > 0 ? $"{held.Count} after {Words.Of(took)}" : "it held nothing")
            : new Check("a silent agent loses its leases", Holds: false, $"after {Words.Of(ground.Limit)} it had lost {_held.Count} of {held.Count}"));
    }
}
