using Stack.Contracts;

namespace Stack.Cli;

/// <summary>One way to hurt a running stack, and what it must stand. Everything around it is the <see cref="DrillRunner"/>'s.</summary>
internal abstract class Drill
{
    /// <summary>What people type.</summary>
    public abstract string Name { get; }

    /// <summary>What it does, in one line.</summary>
    public abstract string Description { get; }

    /// <summary>The resource that it hurts. It must run as a process.</summary>
    public abstract string Component { get; }

    /// <summary>By how much the canaries' clocks are wrong. Null: they are right.</summary>
    public virtual TimeSpan? ClockOffset => null;

    /// <summary>How a workflow behaves.</summary>
    /// <param name="index">Its number in the run.</param>
    /// <param name="random">Chance, repeatable.</param>
    public virtual CanaryInput InputOf(int index, Random random) => new() { DelayMs = random.Next(150, 350), PayloadBytes = random.Next(0, 500) };

    /// <summary>Hurts it while work is under way, and undoes that: on return the fault is over.</summary>
    public abstract Task InjectAsync(DrillGround ground, CancellationToken cancellationToken);

    /// <summary>Judges what the invariants do not.</summary>
    public virtual Task<IReadOnlyList<Check>> JudgeAsync(DrillGround ground, Evidence evidence, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Check>>([]);
}
