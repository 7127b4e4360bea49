using StackExchange.Redis;

namespace Stack.Messaging.Redis;

/// <summary>The live views in Redis. Section <c>Redis</c>; the address is <c>ConnectionStrings:redis</c>.</summary>
public sealed class RedisOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Redis";

    /// <summary>The server, as <c>host:port,password=...</c>.</summary>
    public string Address { get; set; } = "";

    /// <summary>How often agents give a sign of life; three missed ones make one offline.</summary>
    /// <value>The default is 5 seconds; the orchestrator sets the engine's.</value>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the lists of waiting tasks are made true. A pass never takes more than a twentieth of the time.</summary>
    /// <value>The default is 1 second.</value>
    public TimeSpan BacklogInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Everything that is wrong with the options, one sentence each; empty when they are good.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        if (Parse() is not { EndPoints.Count: > 0 })
        {
            problems.Add("ConnectionStrings:redis is not an address; write host:6379,password=... (see the options of StackExchange.Redis).");
        }

        if (BacklogInterval < TimeSpan.FromMilliseconds(100))
        {
            problems.Add($"Redis:BacklogInterval is {BacklogInterval}; write 100 milliseconds or more.");
        }

        return problems;
    }

    /// <summary>The client's settings. Null: the address cannot be read.</summary>
    internal ConfigurationOptions? Parse()
    {
        try
        {
            var settings = ConfigurationOptions.Parse(Address);
            settings.AbortOnConnectFail = false;
            settings.ConnectRetry = 1;
            settings.ConnectTimeout = 2000;
            settings.SyncTimeout = 2000;
            settings.KeepAlive = 5;
            settings.ClientName = "stack-orchestrator";
            return settings;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
