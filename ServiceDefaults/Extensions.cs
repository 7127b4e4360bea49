using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Stack.ServiceDefaults.Discovery;
using Stack.ServiceDefaults.Health;
using Stack.ServiceDefaults.Preflight;
using Stack.ServiceDefaults.Resilience;
using Stack.ServiceDefaults.Telemetry;

// Aspire's templates put this class here, so that a host sees it without another using.
namespace Microsoft.Extensions.Hosting;

/// <summary>What every service of the system shares: telemetry, health, resilience, service discovery, preflight.</summary>
public static class Extensions
{
    /// <summary>
    /// Adds telemetry, health checks, preflight, and gives every <see cref="HttpClient"/> of the factory resilience and
    /// service discovery. Call it once, first; register preflight checks after it.
    /// </summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.AddQuietLogging();
        builder.ConfigureOpenTelemetry();
        builder.AddDefaultHealthChecks();
        builder.AddPreflight();
        builder.AddHttpResilience();
        builder.Services.TryAddSingleton<ServiceAddresses>();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            // The first is the outermost: each retry asks discovery again, and so may reach another replica.
            http.AddStandardResilience();
            http.AddServiceAddresses();
        });
        return builder;
    }

    /// <summary>
    /// Exports traces, metrics and logs over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set; protocol, headers, service name and
    /// resource attributes come from the standard OTEL variables. Without an endpoint no provider exists: only trace ids are passed on.
    /// Unless <c>OTEL_TRACES_SAMPLER</c> says otherwise, a service begins at most 100 recorded traces a second.
    /// </summary>
    public static TBuilder ConfigureOpenTelemetry<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            builder.Services.AddHostedService<TraceContextPropagation>();
            return builder;
        }

        TelemetrySources.RequestPathsInTraces();
        builder.Services.AddSingleton<IStartupFilter, RequestSpans>();
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => TelemetrySources.NameService(resource, builder.Environment.ApplicationName, builder.Configuration))
            .WithTracing(tracing => tracing
                .SampleSteadily(builder.Configuration)
                .AddSource(builder.Environment.ApplicationName)
                .AddSource(TelemetrySources.Activities)
                .AddProcessor(new HealthProbeFilter()))
            .WithMetrics(metrics => metrics.AddMeter(TelemetrySources.Meters))
            .WithLogging(null, logging =>
            {
                logging.IncludeFormattedMessage = true;
                logging.IncludeScopes = true;
            })
            .UseOtlpExporter();
        return builder;
    }

    /// <summary>Adds the health check service and the check <c>self</c>, which is healthy while the process answers (tag <c>live</c>).</summary>
    public static TBuilder AddDefaultHealthChecks<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton(services => new ServiceUptime(services.GetRequiredService<TimeProvider>(), Assembly.GetEntryAssembly()));
        builder.Services.TryAddSingleton<HealthHistory>();
        builder.Services.AddSingleton<IHealthCheckPublisher>(services => services.GetRequiredService<HealthHistory>());
        builder.Services.Configure<HealthCheckPublisherOptions>(options => (options.Delay, options.Period, options.Timeout) = (HealthHistory.Interval, HealthHistory.Interval, HealthHistory.Interval * 3));
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [HealthTags.Live]);
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> (all checks), <c>/health/live</c> and <c>/alive</c> (tag <c>live</c>) and <c>/health/ready</c> (tags <c>ready</c> and
    /// <c>startup</c>), in every environment and without authentication. 503 when unhealthy, 200 when healthy or degraded.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        _ = app.Services.GetRequiredService<ServiceUptime>();
        app.MapHealth();
        return app;
    }
}
