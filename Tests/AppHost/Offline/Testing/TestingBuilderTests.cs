using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Stack.Tests.AppHost.Offline.Testing;

public sealed class TestingBuilderTests
{
    private static readonly string[] WebArguments = [typeof(TestingBuilderTests).Assembly.Location, WebProgram.Name];

    [Fact]
    public async Task CreateAsync_TheApplicationHostItself_HasItsResourcesOnPortsOfItsOwnAndStartsNothing()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(["--infrastructure", "embedded"]);
        Assert.Contains(builder.Resources, resource => resource.Name == "orchestrator");
        Assert.Equal("Stack.AppHost", builder.AppHostAssembly!.GetName().Name);
        var data = builder.Configuration["data"]!;
        Assert.True(Directory.Exists(data));
        await using var app = await builder.BuildAsync();
        var failure = Assert.Throws<InvalidOperationException>(() => app.GetEndpoint("orchestrator"));
        Assert.Contains("StartAsync", failure.Message, StringComparison.Ordinal);
        await app.DisposeAsync();
        Assert.False(Directory.Exists(data));
    }

    [Fact]
    public async Task BuildAsync_ResourcesAddedByTheTest_RunBesideThoseOfTheProgram()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(["--infrastructure", "embedded"]);
        foreach (var project in builder.Resources.OfType<ProjectResource>().ToArray())
        {
            builder.CreateResourceBuilder(project).WithExplicitStart();
        }
        builder.AddExecutable("sleeper", "sleep", ".", "3000");
        await using var app = await builder.BuildAsync();
        await app.StartAsync();
        await app.ResourceNotifications.WaitForResourceHealthyAsync("sleeper").WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(app.ResourceNotifications.TryGetCurrentState("orchestrator", out var orchestrator));
        Assert.Equal(KnownResourceStates.NotStarted, orchestrator.Snapshot.State?.Text);
        Assert.NotEqual(3000, app.GetEndpoint("orchestrator").Port);
        Assert.Null(await app.GetConnectionStringAsync("stackdb"));
    }

    [Fact]
    public async Task CreateAsync_ProgramFails_ThrowsWhatTheProgramThrew()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(["--orchestrator-port", "none"]));
        Assert.Contains("orchestrator-port", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_WebProgram_AnswersItsClientAndWritesItsLinesToTheLog()
    {
        var lines = new LineProvider();
        await using var builder = DistributedApplicationTestingBuilder.Create();
        builder.Services.AddLogging(logging => logging.AddProvider(lines));
        var parameter = builder.AddParameter("key", "value-1");
        builder.AddExecutable("web", "dotnet", ".", [.. WebArguments, "GIVEN_"])
            .WithHttpEndpoint(port: 3000, name: "http")
            .WithEnvironment(context => context.EnvironmentVariables["ASPNETCORE_URLS"] = ((IResourceWithEndpoints)context.Resource).GetEndpoint("http"))
            .WithEnvironment("GIVEN_KEY", parameter)
            .WithHttpHealthCheck("/health/ready");
        builder.AddConnectionString("elsewhere", ReferenceExpression.Create($"Host=there;Key={parameter}"));
        await using var app = await builder.BuildAsync();
        await app.StartAsync();
        await app.ResourceNotifications.WaitForResourceHealthyAsync("web").WaitAsync(TimeSpan.FromSeconds(30));
        using var client = app.CreateHttpClient("web");
        using var answer = await client.GetAsync("/health/ready");
        Assert.True(answer.IsSuccessStatusCode);
        Assert.NotEqual(3000, client.BaseAddress!.Port);
        Assert.Equal("Host=there;Key=value-1", await app.GetConnectionStringAsync("elsewhere"));
        await Eventually.TrueAsync(() => lines.Has(".Resources.web", "GIVEN_KEY=value-1"), "the program's line is in the log");
        Assert.Contains("'web'", Assert.Throws<ArgumentException>(() => app.GetEndpoint("web", "other")).Message, StringComparison.Ordinal);
        Assert.Contains("elsewhere", Assert.Throws<ArgumentException>(() => app.GetEndpoint("nobody")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_TwoAtATime_DoNotMeet()
    {
        await using var first = DistributedApplicationTestingBuilder.Create();
        await using var second = DistributedApplicationTestingBuilder.Create();
        Assert.NotEqual(first.Configuration["data"], second.Configuration["data"]);
        first.AddExecutable("one", "sleep", ".", "3000");
        second.AddExecutable("one", "sleep", ".", "3000");
        await using var firstApp = await first.BuildAsync();
        await using var secondApp = await second.BuildAsync();
        await firstApp.StartAsync();
        await secondApp.StartAsync();
        await Task.WhenAll(firstApp.ResourceNotifications.WaitForResourceHealthyAsync("one"), secondApp.ResourceNotifications.WaitForResourceHealthyAsync("one")).WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Factory_StartAsync_RunsTheProgramToTheEnd()
    {
        await using var factory = new QuietFactory();
        await factory.StartAsync();
        Assert.True(factory.GetEndpoint("orchestrator").Port > 0);
        Assert.Null(await factory.GetConnectionString("redis"));
    }

    private sealed class QuietFactory() : DistributedApplicationFactory(typeof(Projects.AppHost), ["--infrastructure", "embedded"])
    {
        protected override void OnBuilding(DistributedApplicationBuilder applicationBuilder)
        {
            foreach (var project in applicationBuilder.Resources.OfType<ProjectResource>().ToArray())
            {
                applicationBuilder.CreateResourceBuilder(project).WithExplicitStart();
            }
        }
    }

    private sealed class LineProvider : ILoggerProvider
    {
        private readonly List<(string Category, string Line)> lines = [];

        public bool Has(string category, string text)
        {
            lock (lines)
            {
                return lines.Exists(line => line.Category.EndsWith(category, StringComparison.Ordinal) && line.Line.Contains(text, StringComparison.Ordinal));
            }
        }

        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

        public void Dispose()
        {
        }

        private sealed class Logger(LineProvider owner, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                lock (owner.lines)
                {
                    owner.lines.Add((category, formatter(state, exception)));
                }
            }
        }
    }
}
