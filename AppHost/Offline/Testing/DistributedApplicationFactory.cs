using Aspire.Hosting.Offline;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>
/// Runs the program of an application host inside a test: it describes its application, and the factory starts and ends it. Thread-safe.
/// </summary>
public class DistributedApplicationFactory : IDisposable, IAsyncDisposable
{
    private readonly TestingDefaults defaults;
    private readonly ObservedEntryPoint program;
    private readonly Lock gate = new();
    private bool isRunning;

    /// <summary>The application host whose assembly has the type.</summary>
    public DistributedApplicationFactory(Type entryPoint) : this(entryPoint, [])
    {
    }

    /// <summary>The application host whose assembly has the type, with a command line.</summary>
    public DistributedApplicationFactory(Type entryPoint, string[] args)
    {
        ArgumentNullException.ThrowIfNull(entryPoint);
        ArgumentNullException.ThrowIfNull(args);
        defaults = new TestingDefaults(args);
        program = new ObservedEntryPoint(entryPoint.Assembly, defaults.Arguments, new(Creating, Created, OnBuilding, Built));

        void Creating(DistributedApplicationOptions options, HostApplicationBuilderSettings settings)
        {
            defaults.Apply(options, settings);
            options.AssemblyName = entryPoint.Assembly.GetName().Name;
            OnBuilderCreating(options, settings);
        }
    }

    /// <summary>The application; the program is run until it has one.</summary>
    internal Task<DistributedApplication> ResolveAsync(CancellationToken cancellationToken)
    {
        Begin();
        return program.Built.WaitAsync(cancellationToken);
    }

    /// <summary>Starts the application and returns; resources may still be starting then.</summary>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        var application = await ResolveAsync(cancellationToken);
        await application.StartAsync(cancellationToken);
    }

    /// <inheritdoc cref="DistributedApplicationHostingTestingExtensions.CreateHttpClient"/>
    public HttpClient CreateHttpClient(string resourceName, string? endpointName = null) => Started().CreateHttpClient(resourceName, endpointName);

    /// <inheritdoc cref="DistributedApplicationHostingTestingExtensions.GetConnectionStringAsync"/>
    public ValueTask<string?> GetConnectionString(string resourceName) => Started().GetConnectionStringAsync(resourceName);

    /// <inheritdoc cref="DistributedApplicationHostingTestingExtensions.GetEndpoint"/>
    public Uri GetEndpoint(string resourceName, string? endpointName = null) => Started().GetEndpoint(resourceName, endpointName);

    /// <summary>Called before the builder is made.</summary>
    protected virtual void OnBuilderCreating(DistributedApplicationOptions applicationOptions, HostApplicationBuilderSettings hostOptions)
    {
    }

    /// <summary>Called when the builder was made and nothing is described yet.</summary>
    protected virtual void OnBuilderCreated(DistributedApplicationBuilder applicationBuilder)
    {
    }

    /// <summary>Called when everything is described; the application is built when this returns.</summary>
    protected virtual void OnBuilding(DistributedApplicationBuilder applicationBuilder)
    {
    }

    /// <summary>Called when the application was built.</summary>
    protected virtual void OnBuilt(DistributedApplication application)
    {
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        GC.SuppressFinalize(this);
        DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Ends the application and what it left on the disk.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (program.Built.IsCompletedSuccessfully)
        {
            await (await program.Built).DisposeAsync();
        }
        defaults.Dispose();
    }

    /// <summary>Starts the program, once.</summary>
    private protected void Begin()
    {
        lock (gate)
        {
            if (isRunning)
            {
                return;
            }
            isRunning = true;
        }
        program.Start();
    }

    private protected Task<DistributedApplication> Application => program.Built;

    private void Created(DistributedApplicationBuilder builder)
    {
        TestingDefaults.AddServices(builder.Services);
        OnBuilderCreated(builder);
    }

    private void Built(DistributedApplication application)
    {
        application.OnDisposed(defaults.Dispose);
        OnBuilt(application);
    }

    private DistributedApplication Started() => program.Built.IsCompletedSuccessfully
        ? program.Built.GetAwaiter().GetResult()
        : throw new InvalidOperationException("The application was not started. Call StartAsync first.");
}
