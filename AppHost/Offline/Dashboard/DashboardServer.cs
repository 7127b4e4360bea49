using Aspire.Hosting.ApplicationModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>Serves the dashboard at localhost while the application runs, and says where. Where it cannot be served, the application runs without.</summary>
internal sealed partial class DashboardServer(
    DashboardOptions options,
    DistributedApplicationOptions application,
    HostDescription host,
    StateDirectory data,
    KeptPorts ports,
    ResourceDescriber describer,
    ResourceCommandService commands,
    ResourceLoggerService loggers,
    ResourceHistory history,
    TelemetryEndpoints telemetry,
    TimeProvider time,
    ILogger<DashboardServer> logger)
{
    /// <summary>Where it answers; null while it does not.</summary>
    internal Uri? Address { get; private set; }

    /// <summary>The address that logs a browser in; null while nothing is served.</summary>
    internal string? LoginLink { get; private set; }

    /// <summary>Begins to serve; serves until <paramref name="applicationEnds"/>, which the returned task follows.</summary>
    internal async Task RunAsync(CancellationToken applicationEnds)
    {
        if (!options.IsEnabled)
        {
            return;
        }
        try
        {
            await ServeAsync(applicationEnds);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or DistributedApplicationException)
        {
            LogUnavailable(failure.Message);
        }
    }

    private async Task ServeAsync(CancellationToken applicationEnds)
    {
        var login = new DashboardLogin(options, data, time);
        var port = PortToUse();
        await using var web = Build(login, port, applicationEnds);
        await web.StartAsync(applicationEnds);
        Address = new Uri($"http://localhost:{port}");
        LogListening(Address.GetLeftPart(UriPartial.Authority));
        LoginLink = $"{Address.GetLeftPart(UriPartial.Authority)}{(options.AllowsAnonymous ? "" : $"/login?t={login.Token}")}";
        LogLogin(LoginLink);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, applicationEnds);
        }
        finally
        {
            (Address, LoginLink) = (null, null);
        }
    }

    private int PortToUse()
    {
        if (options.Port > 0 && !PortOwner.IsTaken(options.Port))
        {
            return options.Port;
        }
        var other = ports.Take("dashboard");
        if (options.Port > 0)
        {
            LogPortTaken(options.Port, PortOwner.Describe(options.Port), other);
        }
        return other;
    }

    private WebApplication Build(DashboardLogin login, int port, CancellationToken applicationEnds)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        builder.Services.AddRoutingCore();
        var web = builder.Build();
        var guard = new DashboardGuard(login, options);
        var assets = new DashboardAssets(options);
        web.Use(guard.InvokeAsync);
        new LoginPage(login, assets, options, ApplicationName).Map(web);
        web.MapGet("/assets/{**path}", context => assets.ServeAsync(context, (string?)context.Request.RouteValues["path"] ?? ""));
        telemetry.MapTelemetry(web.MapGroup("/api/telemetry"));
        MapApi(web.MapGroup("/api"), applicationEnds);
        // Every other address is a page of the one that knows them all.
        web.MapFallback("{**path}", context => assets.ServeAsync(context, "index.html"));
        return web;
    }

    private void MapApi(IEndpointRouteBuilder api, CancellationToken applicationEnds)
    {
        api.MapGet("/session", context => ControlAnswer.WriteAsync(
            context, StatusCodes.Status200OK, new Session(ApplicationName, typeof(DashboardServer).Assembly.GetName().Version?.ToString(3) ?? "", data.Path, data.Logs, !options.AllowsAnonymous, time.GetUtcNow())));
        new ResourceApi(describer, commands, history, time).Map(api, applicationEnds);
        new ConsoleApi(describer, loggers, data, time).Map(api, applicationEnds);
        api.MapFallback("{**path}", context => ControlAnswer.RefuseAsync(context, StatusCodes.Status404NotFound, "unknown-address", $"There is nothing at {context.Request.Path}."));
    }

    private string ApplicationName => application.DashboardApplicationName ?? host.ProjectName ?? "Application";

    private sealed record Session(string Application, string Version, string DataDirectory, string LogDirectory, bool HasLogin, DateTimeOffset Now);

    [LoggerMessage(Level = LogLevel.Information, Message = "Now listening on: {Address}")]
    private partial void LogListening(string address);

    [LoggerMessage(Level = LogLevel.Information, Message = "Login to the dashboard at {Address}")]
    private partial void LogLogin(string address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Port {Port} of the dashboard is taken by {Holder}; the dashboard is served at port {Other}. Another can be chosen with --dashboard-port PORT.")]
    private partial void LogPortTaken(int port, string holder, int other);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The dashboard is not served: {Reason}")]
    private partial void LogUnavailable(string reason);
}
