using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Stack.Tests.AppHost.Offline.Telemetry;

/// <summary>Receivers, store and API on free ports, with a data directory that may outlive them.</summary>
internal sealed class TelemetryHost : IAsyncDisposable
{
    public const string Key = "the key of the test";

    private readonly TemporaryDirectory? ownDirectory;
    private readonly WebApplication web;
    private bool isStopped;

    private TelemetryHost(TemporaryDirectory directory, bool ownsDirectory, TelemetryOptions options, ILogger<TelemetryJournal>? logger)
    {
        ownDirectory = ownsDirectory ? directory : null;
        var configuration = new ConfigurationManager
        {
            [ReceiverKey.Setting] = Key,
            [ReceiverAddress.GrpcSetting] = "http://localhost:0",
            [ReceiverAddress.HttpSetting] = "http://127.0.0.1:0",
        };
        Journal = new TelemetryJournal(directory.File("telemetry"), options, TimeProvider.System, logger ?? NullLogger<TelemetryJournal>.Instance);
        Store = new TelemetryStore(options, TimeProvider.System);
        Receivers = new TelemetryReceivers(
            Store, Journal, new EndpointAllocator(new KeptPorts(new StateDirectory(directory.Path)), new DistributedApplicationModel(new ResourceCollection()), configuration), new DistributedApplicationOptions(), configuration, TimeProvider.System, NullLogger<TelemetryReceivers>.Instance);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        web = builder.Build();
        new TelemetryEndpoints(Store, Receivers, TimeProvider.System).MapTelemetry(web.MapGroup("/api/telemetry"));
    }

    public TelemetryStore Store { get; }

    public TelemetryJournal Journal { get; }

    public TelemetryReceivers Receivers { get; }

    public HttpClient Api { get; private set; } = null!;

    public static Task<TelemetryHost> StartAsync(TelemetryOptions? options = null) => StartAsync(new TemporaryDirectory(), ownsDirectory: true, options ?? new(), logger: null);

    public static Task<TelemetryHost> StartAsync(TemporaryDirectory directory, TelemetryOptions? options = null, ILogger<TelemetryJournal>? logger = null) =>
        StartAsync(directory, ownsDirectory: false, options ?? new(), logger);

    /// <summary>The answer of the API.</summary>
    public async Task<JsonElement> GetAsync(string path)
    {
        using var document = JsonDocument.Parse(await Api.GetStringAsync($"/api/telemetry/{path}"));
        return document.RootElement.Clone();
    }

    public async Task<JsonElement[]> ListAsync(string path, string member) => [.. (await GetAsync(path)).GetProperty(member).EnumerateArray()];

    public async Task StopAsync()
    {
        if (!isStopped)
        {
            isStopped = true;
            Api.Dispose();
            using var atOnce = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
            await web.StopAsync(atOnce.Token);
            await web.DisposeAsync();
            await Receivers.DisposeAsync();
            Journal.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        ownDirectory?.Dispose();
    }

    private static async Task<TelemetryHost> StartAsync(TemporaryDirectory directory, bool ownsDirectory, TelemetryOptions options, ILogger<TelemetryJournal>? logger)
    {
        var host = new TelemetryHost(directory, ownsDirectory, options, logger);
        await host.Receivers.StartAsync(TestApplication.Deadline);
        await host.web.StartAsync(TestApplication.Deadline);
        await host.Receivers.Restored;
        host.Api = new HttpClient { BaseAddress = new Uri(host.web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
        return host;
    }
}
