using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Stack.ServiceDefaults.Telemetry;

/// <summary>
/// Gives the span of a request its method and route as the name, its route and its status, as OpenTelemetry's conventions want it: ASP.NET Core knows them only when
/// the request is over, and leaves them out.
/// </summary>
internal sealed class RequestSpans : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
    {
        application.Use(DescribeAsync);
        next(application);
    };

    private static async Task DescribeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        finally
        {
            if (context.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } activity)
            {
                Describe(activity, context);
            }
        }
    }

    private static void Describe(Activity activity, HttpContext context)
    {
        // A group's own route is written with a slash at its end.
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText is { } written ? $"/{written.Trim('/')}" : null;
        activity.DisplayName = route is null ? context.Request.Method : $"{context.Request.Method} {route}";
        if (route is not null)
        {
            activity.SetTag("http.route", route);
        }
        activity.SetTag("http.response.status_code", context.Response.StatusCode);
        if (context.Response.StatusCode >= StatusCodes.Status500InternalServerError)
        {
            activity.SetStatus(ActivityStatusCode.Error);
        }
    }
}
