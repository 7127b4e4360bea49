using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Receives the telemetry of the resources while the application runs: OTLP over gRPC on port 18889 and over HTTP on port 18890 of this machine, or where Aspire's settings
/// say. It begins before the first resource is asked for its environment, and ends after the last one, so that what a service says last is kept.
/// </summary>
internal sealed partial class TelemetryReceivers(
    TelemetryStore store,
    TelemetryJournal journal,
    EndpointAllocator allocator,
    DistributedApplicationOptions options,
    IConfiguration configuration,
    TimeProvider time,
    ILogger<TelemetryReceivers> logger) : IAsyncDisposable
{
    private const int UsualGrpcPort = 18_889;
    private const int UsualHttpPort = 18_890;
    private const int Attempts = 3;

    private readonly CancellationTokenSource ending = new();
    private WebApplication? server;
    private TelemetryIntake? intake;
    private Task working = Task.CompletedTask;

    /// <summary>Where gRPC is received; null when it is not.</summary>
    internal Uri? Grpc { get; private set; }

    /// <summary>Where HTTP is received; null when it is not.</summary>
    internal Uri? Http { get; private set; }

    /// <summary>Requests of which nothing was taken.</summary>
    internal long Rejected => intake?.Rejected ?? 0;

    /// <summary>Done when what earlier runs left on disk was read.</summary>
    internal Task Restored { get; private set; } = Task.CompletedTask;

    /// <summary>Begins, unless there is to be no dashboard. Where it cannot be served, the application runs without.</summary>
    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!DashboardSwitch.IsOn(options, configuration))
        {
            return;
        }
        var (grpc, http) = (Choose("OTLP/gRPC", ReceiverAddress.GrpcSetting, UsualGrpcPort), Choose("OTLP/HTTP", ReceiverAddress.HttpSetting, UsualHttpPort));
        var key = ReceiverKey.Prepare(configuration);
        Restored = Task.Run(Restore, CancellationToken.None);
        working = WorkAsync();
        intake = new TelemetryIntake(store, Restored);
        for (var attempt = 1; server is null; attempt++)
        {
            try
            {
                server = await ServeAsync(grpc, http, intake, key, cancellationToken);
            }
            catch (IOException failure) when (attempt < Attempts)
            {
                // Somebody was quicker.
                LogTakenMeanwhile(failure.Message);
                (grpc, http) = (allocator.FreePort(), allocator.FreePort());
            }
            catch (IOException failure)
            {
                LogUnavailable(failure.Message);
                return;
            }
        }
        (Grpc, Http) = (Announce(ReceiverAddress.GrpcSetting, grpc), Announce(ReceiverAddress.HttpSetting, http));
    }

    /// <summary>Ends: takes what is being sent, and writes to disk what is not yet there.</summary>
    internal async Task StopAsync()
    {
        if (server is not null)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1), time);
            await server.StopAsync(patience.Token);
            await server.DisposeAsync();
            server = null;
        }
        if (!ending.IsCancellationRequested)
        {
            await ending.CancelAsync();
        }
        await working;
        store.Journal = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        ending.Dispose();
    }

    private void Restore()
    {
        try
        {
            journal.Read(store, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The host ends already; what was not read stays on disk.
        }
        store.Journal = journal;
    }

    private async Task WorkAsync()
    {
        await Restored;
        await Task.Run(() => journal.RunAsync(ending.Token), CancellationToken.None);
    }

    private int Choose(string what, string setting, int usualPort)
    {
        var wanted = ReceiverAddress.Read(configuration, setting, usualPort);
        if (wanted.Objection is { } objection)
        {
            LogObjection(objection);
        }
        if (wanted.Port == 0 || (bool.TryParse(configuration["DcpPublisher:RandomizePorts"], out var randomizes) && randomizes))
        {
            return allocator.FreePort();
        }
        if (!PortOwner.IsTaken(wanted.Port))
        {
            return wanted.Port;
        }
        var free = allocator.FreePort();
        LogTaken(wanted.Port, what, PortOwner.Describe(wanted.Port), free, setting);
        return free;
    }

    private static async Task<WebApplication> ServeAsync(int grpc, int http, TelemetryIntake intake, ReceiverKey key, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // The receivers watch the size themselves, so that they can say what is wrong.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.ListenLocalhost(grpc, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.ListenLocalhost(http, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddRoutingCore();
        var application = builder.Build();
        new GrpcReceiver(intake, key).Map(application);
        new HttpReceiver(intake, key).Map(application);
        application.MapFallback(context => GrpcReceiver.IsCall(context.Request)
            ? GrpcReceiver.RefuseAsync(context, GrpcStatus.Unimplemented, $"There is no {context.Request.Path}.")
            : Task.FromResult(context.Response.StatusCode = StatusCodes.Status404NotFound));
        try
        {
            await application.StartAsync(cancellationToken);
            return application;
        }
        catch (IOException)
        {
            await application.DisposeAsync();
            throw;
        }
    }

    // Services are told what the configuration says.
    private Uri Announce(string setting, int port)
    {
        var url = new Uri($"http://localhost:{port.ToString(CultureInfo.InvariantCulture)}");
        configuration[setting] = url.OriginalString;
        return url;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Objection}.")]
    private partial void LogObjection(string objection);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Port {Port} for {What} is taken by {Holder}; telemetry is received on port {Free} instead. Stop that, or set {Setting}.")]
    private partial void LogTaken(int port, string what, string holder, int free, string setting);

    [LoggerMessage(Level = LogLevel.Information, Message = "A port for telemetry was taken meanwhile ({Reason}); others are tried.")]
    private partial void LogTakenMeanwhile(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Telemetry is not received: {Reason}")]
    private partial void LogUnavailable(string reason);
}
