using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Stands before everything the dashboard serves: only names of this machine are answered (a foreign name that leads here is DNS rebinding), only who is
/// logged in gets data, and only pages of the dashboard itself change anything. A page may load nothing that does not come from here.
/// </summary>
internal sealed class DashboardGuard(DashboardLogin login, DashboardOptions options)
{
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    internal async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        Harden(context.Response.Headers);
        if (!IsThisMachine(context.Request.Host.Host))
        {
            await ControlAnswer.RefuseAsync(context, StatusCodes.Status403Forbidden, "foreign-host", $"The dashboard answers to localhost and loopback addresses, not to '{context.Request.Host}'.");
        }
        else if (ChangesSomething(context.Request) && !ComesFromHere(context.Request))
        {
            await ControlAnswer.RefuseAsync(context, StatusCodes.Status403Forbidden, "foreign-origin", "Only the dashboard's own pages, or requests with 'Authorization: Bearer TOKEN', may do this.");
        }
        else if (IsPublic(context.Request.Path) || IsAllowed(context.Request))
        {
            await next(context);
        }
        else if (HttpMethods.IsGet(context.Request.Method) && !context.Request.Path.StartsWithSegments("/api"))
        {
            var wanted = context.Request.Path + context.Request.QueryString;
            context.Response.Redirect(wanted == "/" ? "/login" : $"/login?returnUrl={Uri.EscapeDataString(wanted)}");
        }
        else
        {
            await ControlAnswer.RefuseAsync(context, StatusCodes.Status401Unauthorized, "unauthorized", "Log in at /login with the token that the application host printed, or send it as 'Authorization: Bearer TOKEN'.");
        }
    }

    private static bool IsThisMachine(string host) =>
        host is "localhost" or "127.0.0.1" or "[::1]" or "::1" || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    // What the login page needs, and nothing that says anything about the application.
    private static bool IsPublic(PathString path) => path.StartsWithSegments("/login") || path.StartsWithSegments("/assets");

    private static bool ChangesSomething(HttpRequest request) => !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method);

    private bool IsAllowed(HttpRequest request) =>
        options.AllowsAnonymous || login.IsCookie(request.Cookies[login.CookieName]) || HasToken(request);

    // Browsers say where a request comes from; cookies alone would let any page of another port of this machine in.
    private bool ComesFromHere(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site)
        {
            return site == "same-origin";
        }
        return request.Headers.Origin.ToString() is { Length: > 0 } origin
            ? string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)
            : HasToken(request);
    }

    private bool HasToken(HttpRequest request)
    {
        const string scheme = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(scheme, StringComparison.Ordinal) && login.IsToken(header[scheme.Length..]);
    }

    private static void Harden(IHeaderDictionary headers)
    {
        headers[HeaderNames.ContentSecurityPolicy] = ContentPolicy;
        headers[HeaderNames.XContentTypeOptions] = "nosniff";
        headers[HeaderNames.XFrameOptions] = "DENY";
        // With no-referrer a browser would not say either where a form comes from.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers[HeaderNames.CacheControl] = "no-store";
    }
}
