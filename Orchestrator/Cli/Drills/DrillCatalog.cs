using Stack.Contracts;

namespace Stack.Cli;

/// <summary>All drills, in the order in which <c>--all</c> runs them: those whose agents crash come last, because the host starts them again more and more slowly.</summary>
internal static class DrillCatalog
{
    /// <summary>Makes all drills anew.</summary>
    public static IReadOnlyList<Drill> Create() =>
    [
        new DuplicateResultDrill(),
        new AgentHangDrill(),
        new KillOrchestratorDrill(),
        new OutageDrill("redis-pause", "SIGSTOP of Redis for ten seconds: live views suffer, and nothing else", "redis")
        {
            HealthNames = ["redis"],
            Take = "pause",
            Give = "resume",
            Duration = TimeSpan.FromSeconds(10),
            Accepts = true,
        },
        new OutageDrill("rabbit-restart", "RabbitMQ stops and comes back: what is submitted meanwhile is dispatched then", "rabbitmq")
        {
            HealthNames = ["rabbitmq"],
            Take = "stop",
            Give = "start",
            Duration = TimeSpan.FromSeconds(6),
            Accepts = true,
        },
        new OutageDrill("postgres-restart", "Postgres stops and comes back: the API says 503 and when to come back, agents keep their results", "postgres")
        {
            HealthNames = ["postgres", "store"],
            Take = "stop",
            Give = "start",
            Duration = TimeSpan.FromSeconds(6),
            Accepts = false,
        },
        new SlowDatabaseDrill(),
        new ClockSkewDrill(),
        new KillAgentDrill(),
        new PoisonMessageDrill(),
    ];

    /// <summary>Chooses drills by name.</summary>
    /// <param name="names">The names; empty: all.</param>
    /// <exception cref="UsageException">There is none of that name.</exception>
    public static IReadOnlyList<Drill> Choose(IReadOnlyList<string> names)
    {
        var all = Create();
        foreach (var name in names)
        {
            if (!all.Any(drill => drill.Name == name))
            {
                var known = all.Select(drill => drill.Name).ToArray();
                var nearest = DefinitionNames.Nearest(name, known);
                throw new UsageException($"There is no drill '{name}'.{(nearest is null ? "" : $" Did you mean '{nearest}'?")} The drills are: {string.Join(", ", known)}.");
            }
        }

        return names.Count == 0 ? all : [.. all.Where(drill => names.Contains(drill.Name))];
    }
}
