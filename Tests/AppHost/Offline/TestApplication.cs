using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.DependencyInjection;

namespace Stack.Tests.AppHost.Offline;

/// <summary>An application in this process, with a data directory of its own and its output in memory.</summary>
internal sealed class TestApplication : IAsyncDisposable
{
    private readonly TemporaryDirectory directory;
    private readonly bool ownsDirectory;
    private readonly StringWriter terminal = new();
    private DistributedApplication? application;

    public TestApplication(params string[] arguments) : this(new TemporaryDirectory(), arguments) => ownsDirectory = true;

    /// <summary>One on a directory that outlives it, for a test with several runs.</summary>
    public TestApplication(TemporaryDirectory directory, params string[] arguments) : this(directory, isDashboardOff: true, arguments)
    {
    }

    /// <summary>One that may have a dashboard and receive telemetry.</summary>
    public TestApplication(TemporaryDirectory directory, bool isDashboardOff, params string[] arguments)
    {
        this.directory = directory;
        Builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = ["--data", directory.Path, .. arguments],
            ProjectDirectory = directory.Path,
            // A test that wants the dashboard says so.
            DisableDashboard = isDashboardOff && !arguments.Contains("--dashboard"),
        });
        Builder.Services.AddSingleton(_ => new TerminalOutput(TextWriter.Synchronized(terminal), isColored: false));
    }

    public IDistributedApplicationBuilder Builder { get; }

    public string Data => directory.Path;

    public ResourceNotificationService States => Application.ResourceNotifications;

    public DistributedApplication Application => application ?? throw new InvalidOperationException("The application was not started.");

    public static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    /// <summary>A program that runs until it is ended.</summary>
    public IResourceBuilder<ExecutableResource> AddSleeper(string name) => AddShell(name, "exec sleep 3000");

    public IResourceBuilder<ExecutableResource> AddShell(string name, string script) => Builder.AddExecutable(name, "sh", ".", "-c", script);

    public async Task StartAsync()
    {
        application = Builder.Build();
        await application.StartAsync(Deadline);
    }

    /// <summary>The lines a resource wrote so far.</summary>
    public IReadOnlyList<string> Log(string instance) =>
        [.. Application.Services.GetRequiredService<ResourceLoggerService>().Log(instance).Lines().Select(line => line.Content)];

    /// <summary>What the terminal shows, read after the application was disposed of.</summary>
    public string Terminal() => terminal.ToString();

    public CustomResourceSnapshot? StateOf(string name) => States.TryGetCurrentState(name, out var known) ? known.Snapshot : null;

    public async Task StopAsync()
    {
        if (application is not null)
        {
            await application.DisposeAsync();
            application = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (ownsDirectory)
        {
            directory.Dispose();
        }
    }
}
