namespace Aspire.Hosting.Testing;

/// <summary>Describes an application for a test. What the program of the application host described is there already, and can be changed and added to.</summary>
public interface IDistributedApplicationTestingBuilder : IDistributedApplicationBuilder, IAsyncDisposable, IDisposable
{
    /// <summary>Makes the application; call it once. Whoever disposes of the application ends everything it started.</summary>
    Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default);
}
