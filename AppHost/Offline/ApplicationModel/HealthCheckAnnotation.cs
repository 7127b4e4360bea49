namespace Aspire.Hosting.ApplicationModel;

/// <summary>A health check of the resource, by its name among the application's checks.</summary>
public class HealthCheckAnnotation(string key) : IResourceAnnotation
{
    /// <summary>The name.</summary>
    public string Key { get; } = key;
}
