using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

// The counterpart of the package OpenTelemetry.Extensions.Hosting, with the names of that package, for machines that cannot restore it.
// A build with UseAspire=true leaves this file out and takes the package.
namespace OpenTelemetry
{
    /// <summary>Collects what tracing, metrics and logging shall do. The extension methods on <see cref="IOpenTelemetryBuilder"/> do the work.</summary>
    public sealed class OpenTelemetryBuilder : IOpenTelemetryBuilder
    {
        internal OpenTelemetryBuilder(IServiceCollection services) => Services = services;

        /// <summary>The services of the host.</summary>
        public IServiceCollection Services { get; }
    }

    /// <summary>Creates the providers when the host starts; the container flushes and disposes them when it stops.</summary>
    internal sealed class TelemetryHostedService(IServiceProvider services) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            services.GetService<MeterProvider>();
            services.GetService<TracerProvider>();
            services.GetService<LoggerProvider>();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

namespace Microsoft.Extensions.DependencyInjection
{
    /// <summary>Adds OpenTelemetry to a host.</summary>
    public static class OpenTelemetryServicesExtensions
    {
        /// <summary>Adds the service that starts the telemetry providers with the host. Safe to call more than once.</summary>
        public static OpenTelemetry.OpenTelemetryBuilder AddOpenTelemetry(this IServiceCollection services)
        {
            // First among the hosted services: what the others do at start is already traced.
            if (!services.Any(service => service.ImplementationType == typeof(OpenTelemetry.TelemetryHostedService)))
            {
                services.Insert(0, ServiceDescriptor.Singleton<IHostedService, OpenTelemetry.TelemetryHostedService>());
            }

            return new OpenTelemetry.OpenTelemetryBuilder(services);
        }
    }
}
