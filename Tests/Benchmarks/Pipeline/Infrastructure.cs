using Stack.Benchmarks.Servers;

namespace Stack.Benchmarks.Pipeline;

/// <summary>The servers that the system under test is given. None: it is embedded.</summary>
internal sealed class Infrastructure : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("stack-servers-").FullName;

    /// <summary>Where the orchestrator keeps what it keeps in files; it outlives the orchestrator.</summary>
    public string DataDirectory => Path.Combine(_folder, "orchestrator");

    private Infrastructure()
    {
    }

    public PostgresServer? Postgres { get; private set; }

    public RabbitMqServer? RabbitMq { get; private set; }

    /// <summary>What both sides learn of the servers.</summary>
    public Dictionary<string, string> Settings
    {
        get
        {
            // What was made for history is old; nothing shall remove it.
            var settings = new Dictionary<string, string> { ["Engine__RetentionPeriod"] = "00:00:00" };
            if (Postgres is not null)
            {
                settings["ConnectionStrings__stackdb"] = Postgres.ConnectionString;
            }

            if (RabbitMq is not null)
            {
                settings["ConnectionStrings__rabbitmq"] = RabbitMq.ConnectionString;
            }

            return settings;
        }
    }

    public IEnumerable<(string Name, int Id)> Processes
    {
        get
        {
            if (Postgres is not null)
            {
                yield return ("postgres", Postgres.ProcessId);
            }

            if (RabbitMq is not null)
            {
                yield return ("rabbitmq", RabbitMq.ProcessId);
            }
        }
    }

    /// <summary>Starts servers.</summary>
    /// <param name="choice">embedded (none), postgres, rabbitmq, or servers (both).</param>
    public static async Task<Infrastructure> StartAsync(string choice)
    {
        var (postgres, rabbit) = choice switch
        {
            "embedded" => (false, false),
            "postgres" => (true, false),
            "rabbitmq" => (false, true),
            "servers" => (true, true),
            _ => throw new ArgumentException($"--infrastructure {choice}: write embedded, servers, postgres or rabbitmq."),
        };
        var infrastructure = new Infrastructure();
        try
        {
            infrastructure.Postgres = postgres ? await PostgresServer.StartAsync(infrastructure._folder) : null;
            infrastructure.RabbitMq = rabbit ? await RabbitMqServer.StartAsync(infrastructure._folder) : null;
            return infrastructure;
        }
        catch
        {
            infrastructure.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        RabbitMq?.Dispose();
        Postgres?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
