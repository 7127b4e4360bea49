using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>How telemetry is sent.</summary>
public enum OtlpProtocol
{
    /// <summary>gRPC.</summary>
    Grpc = 0,

    /// <summary>Protobuf over HTTP.</summary>
    HttpProtobuf = 1,

    /// <summary>JSON over HTTP.</summary>
    HttpJson = 2,
}

/// <summary>Says that the resource sends telemetry, and how.</summary>
public class OtlpExporterAnnotation : IResourceAnnotation
{
    /// <summary>How; null means as the dashboard likes.</summary>
    public OtlpProtocol? RequiredProtocol { get; init; }
}

/// <summary>Lets resources send telemetry to the dashboard.</summary>
public static class OtlpConfigurationExtensions
{
    /// <summary>Tells the resource where and how to send telemetry.</summary>
    public static IResourceBuilder<T> WithOtlpExporter<T>(this IResourceBuilder<T> builder) where T : IResourceWithEnvironment => Add(builder, protocol: null);

    /// <summary>Tells the resource where to send telemetry, and to do it so.</summary>
    public static IResourceBuilder<T> WithOtlpExporter<T>(this IResourceBuilder<T> builder, OtlpProtocol protocol) where T : IResourceWithEnvironment =>
        Add(builder, protocol);

    private static IResourceBuilder<T> Add<T>(IResourceBuilder<T> builder, OtlpProtocol? protocol) where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithAnnotation(new OtlpExporterAnnotation { RequiredProtocol = protocol }, ResourceAnnotationMutationBehavior.Replace)
            .WithEnvironment(context =>
            {
                if (context.ExecutionContext.IsRunMode)
                {
                    AddVariables(context, builder.ApplicationBuilder, protocol);
                }
            });
    }

    private static void AddVariables(EnvironmentCallbackContext context, IDistributedApplicationBuilder application, OtlpProtocol? protocol)
    {
        var variables = context.EnvironmentVariables;
        if (Endpoint(application, protocol) is { } endpoint)
        {
            variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint.Url;
            variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = endpoint.Protocol;
        }
        // The host puts the instance in place of the suffix, because each replica has its own.
        variables["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={InstanceSuffixPlaceholder}";
        variables["OTEL_SERVICE_NAME"] = context.Resource.Name;
        if (application.Configuration["AppHost:OtlpApiKey"] is { Length: > 0 } key)
        {
            variables["OTEL_EXPORTER_OTLP_HEADERS"] = $"x-otlp-api-key={key}";
        }
        if (application.Environment.IsDevelopment())
        {
            variables["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
            variables["OTEL_BSP_SCHEDULE_DELAY"] = "1000";
            variables["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
            variables["OTEL_TRACES_SAMPLER"] = "always_on";
            variables["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based";
            variables["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "true";
        }
    }

    /// <summary>Stands for the suffix of the instance's id until the instance is known.</summary>
    internal const string InstanceSuffixPlaceholder = "{instance}";

    // Without a dashboard there is no endpoint, and the services send nothing, unless the host's own environment has one for them.
    private static (string Url, string Protocol)? Endpoint(IDistributedApplicationBuilder application, OtlpProtocol? protocol)
    {
        var grpc = application.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] ?? application.Configuration["DOTNET_DASHBOARD_OTLP_ENDPOINT_URL"];
        var http = application.Configuration["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] ?? application.Configuration["DOTNET_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"];
        return (protocol, grpc, http) switch
        {
            (OtlpProtocol.HttpProtobuf, _, { Length: > 0 }) => (http, "http/protobuf"),
            (OtlpProtocol.HttpJson, _, { Length: > 0 }) => (http, "http/json"),
            (null or OtlpProtocol.Grpc, { Length: > 0 }, _) => (grpc, "grpc"),
            (null, _, { Length: > 0 }) => (http, "http/protobuf"),
            _ => null,
        };
    }
}
