using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>An application that was described and can now run.</summary>
public class DistributedApplication : IHost, IAsyncDisposable
{
    private readonly IHost host;
    private readonly List<Action> afterwards = [];
    private readonly TaskCompletionSource disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int isDisposed;

    /// <summary>The application that <paramref name="host"/> runs.</summary>
    public DistributedApplication(IHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        this.host = host;
    }

    /// <summary>The application's services.</summary>
    public IServiceProvider Services => host.Services;

    /// <summary>The state of every resource.</summary>
    public ResourceNotificationService ResourceNotifications => Services.GetRequiredService<ResourceNotificationService>();

    /// <summary>What can be done to resources.</summary>
    public ResourceCommandService ResourceCommands => Services.GetRequiredService<ResourceCommandService>();

    /// <summary>Describes an application, with the options of a command line.</summary>
    public static IDistributedApplicationBuilder CreateBuilder(string[] args) => new DistributedApplicationBuilder(args);

    /// <summary>Describes an application.</summary>
    public static IDistributedApplicationBuilder CreateBuilder() => CreateBuilder([]);

    /// <summary>Describes an application as the options say.</summary>
    public static IDistributedApplicationBuilder CreateBuilder(DistributedApplicationOptions options) => new DistributedApplicationBuilder(options);

    /// <summary>Runs until it is told to stop. What cannot be started at all is said, and the exit code is 1.</summary>
    public void Run() => RunAsync().GetAwaiter().GetResult();

    /// <inheritdoc cref="Run"/>
    public virtual async Task RunAsync(CancellationToken cancellationToken = default)
    {
        if (ObservedEntryPoint.Current is not null)
        {
            // A test has the application, and this is the program that described it.
            await disposed.Task;
            return;
        }
        await using (this)
        {
            var startup = Services.GetRequiredService<HostStartup>();
            if (await startup.TryAnswerAsync(cancellationToken) is { } exitCode)
            {
                Environment.ExitCode = exitCode;
                return;
            }
            try
            {
                await StartAsync(cancellationToken);
            }
            catch (DistributedApplicationException failure)
            {
                startup.Refuse(failure);
                Environment.ExitCode = 1;
                return;
            }
            await host.WaitForShutdownAsync(cancellationToken);
        }
    }

    /// <summary>Starts everything and returns; resources may still be starting then.</summary>
    public virtual Task StartAsync(CancellationToken cancellationToken = default) => ObservedEntryPoint.Current is null ? host.StartAsync(cancellationToken) : Task.CompletedTask;

    /// <summary>Stops everything, what depends on others first, and returns when all processes are gone.</summary>
    public virtual Task StopAsync(CancellationToken cancellationToken = default) => host.StopAsync(cancellationToken);

    /// <summary>Does something when everything has ended.</summary>
    internal void OnDisposed(Action action) => afterwards.Add(action);

    Task IHost.StartAsync(CancellationToken cancellationToken) => StartAsync(cancellationToken);

    Task IHost.StopAsync(CancellationToken cancellationToken) => StopAsync(cancellationToken);

    /// <summary>Stops what still runs.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (ObservedEntryPoint.Current is not null || Interlocked.Exchange(ref isDisposed, 1) != 0)
        {
            return;
        }
        if (host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
        else
        {
            host.Dispose();
        }
        foreach (var action in afterwards)
        {
            action();
        }
        disposed.TrySetResult();
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public virtual void Dispose()
    {
        GC.SuppressFinalize(this);
        DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
