namespace Stack.Cli;

/// <summary>Makes the database answer in jerks.</summary>
internal sealed class SlowDatabaseDrill : Drill
{
    private const int Pulses = 10;

    public override string Name => "slow-database";

    public override string Description => "SIGSTOP and SIGCONT of Postgres in short pulses: slower, and nothing else";

    public override string Component => "postgres";

    public override async Task InjectAsync(DrillGround ground, CancellationToken cancellationToken)
    {
        await ground.WaitForWorkAsync(cancellationToken);
        ground.Say($"{Pulses} pulses of up to a second");
        try
        {
            for (var pulse = 0; pulse < Pulses; pulse++)
            {
                await ground.CommandAsync(Component, "pause", instance: null, cancellationToken);
                await ground.PauseAsync(TimeSpan.FromMilliseconds(ground.Random.Next(200, 1000)), cancellationToken);
                await ground.CommandAsync(Component, "resume", instance: null, cancellationToken);
                await ground.PauseAsync(TimeSpan.FromMilliseconds(ground.Random.Next(50, 200)), cancellationToken);
            }
        }
        finally
        {
            await ground.Host.TryCommandAsync(Component, "resume", instance: null, CancellationToken.None);
            ground.EndFault();
        }
    }
}
