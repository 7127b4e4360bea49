using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Stack.ServiceDefaults.Health;

/// <summary>The routes for those who watch the service. None needs a key, none is limited, none is traced.</summary>
internal static class HealthEndpoints
{
    internal const string All = "/health";
    internal const string Live = "/health/live";
    internal const string Ready = "/health/ready";
    internal const string Alive = "/alive";

    internal static bool IsHealthPath(string path) => path is All or Live or Ready or Alive;

    internal static bool IsHealthUrl(string url)
        => Uri.TryCreate(url, UriKind.Absolute, out var uri) && IsHealthPath(uri.AbsolutePath);

    internal static void MapHealth(this IEndpointRouteBuilder routes)
    {
        Map(routes, All, _ => true);
        Map(routes, Live, check => check.Tags.Contains(HealthTags.Live));
        Map(routes, Alive, check => check.Tags.Contains(HealthTags.Live));
        Map(routes, Ready, check => check.Tags.Contains(HealthTags.Ready) || check.Tags.Contains(HealthTags.Startup));
    }

    private static void Map(IEndpointRouteBuilder routes, string path, Func<HealthCheckRegistration, bool> predicate)
        => routes.MapHealthChecks(path, new HealthCheckOptions { Predicate = predicate, ResponseWriter = WriteAsync })
            .AllowAnonymous()
            .DisableRateLimiting()
            .DisableHttpMetrics();

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var services = context.RequestServices;
        var history = services.GetRequiredService<HealthHistory>();
        history.Note(report);
        var answer = HealthAnswer.From(report, history, services.GetRequiredService<ServiceUptime>(), services.GetRequiredService<TimeProvider>().GetUtcNow());
        return context.Response.WriteAsJsonAsync(answer, HealthJson.Default.HealthAnswer, cancellationToken: context.RequestAborted);
    }
}
