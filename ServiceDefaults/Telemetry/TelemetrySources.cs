using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Stack.ServiceDefaults.Telemetry;

/// <summary>The activity sources and meters that the system listens to; all of them publish natively.</summary>
internal static class TelemetrySources
{
    /// <summary>Sources of activities. None of them carries prompts or completions: the gateway writes counts and hashes only.</summary>
    internal static readonly string[] Activities =
    [
        "Microsoft.AspNetCore",
        "System.Net.Http",
        "Npgsql",
        "RabbitMQ.Client.*",
        "Stack.*",
        "Experimental.Microsoft.Extensions.AI",
    ];

    internal static readonly string[] Meters =
    [
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Routing",
        "Microsoft.AspNetCore.Diagnostics",
        "Microsoft.AspNetCore.RateLimiting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "Microsoft.AspNetCore.Http.Connections",
        "System.Net.Http",
        "System.Net.NameResolution",
        "System.Runtime",
        "Npgsql",
        "Experimental.Microsoft.Extensions.AI",
        "Stack.*",
    ];

    /// <summary>ASP.NET Core writes method, path and status to its activities only when this switch is off, which is not its default.</summary>
    internal static void RequestPathsInTraces()
        => AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);

    /// <summary>The environment's sampler, or else one that records every trace until there are too many.</summary>
    internal static TracerProviderBuilder SampleSteadily(this TracerProviderBuilder tracing, IConfiguration configuration)
        => string.IsNullOrWhiteSpace(configuration["OTEL_TRACES_SAMPLER"])
            ? tracing.SetSampler(services => new ParentBasedSampler(new SteadySampler(SteadySampler.UsualPerSecond, services.GetRequiredService<TimeProvider>())))
            : tracing;

    /// <summary>The application's name is the service's name unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES give one.</summary>
    internal static void NameService(ResourceBuilder resource, string applicationName, IConfiguration configuration)
    {
        var named = !string.IsNullOrWhiteSpace(configuration["OTEL_SERVICE_NAME"])
            || configuration["OTEL_RESOURCE_ATTRIBUTES"]?.Contains("service.name=", StringComparison.Ordinal) == true;
        if (!named)
        {
            resource.AddService(applicationName, autoGenerateServiceInstanceId: false);
        }
    }
}
