namespace Stack.ServiceDefaults.Health;

/// <summary>Tags that say which endpoint a health check answers for.</summary>
public static class HealthTags
{
    /// <summary>The process works; when it does not, only a restart helps.</summary>
    public const string Live = "live";

    /// <summary>The service can take work now.</summary>
    public const string Ready = "ready";

    /// <summary>What had to be done once before work can be taken; counts for readiness too.</summary>
    public const string Startup = "startup";
}
