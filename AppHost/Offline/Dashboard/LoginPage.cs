using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Aspire.Hosting.Offline;

/// <summary>The login: the link that the host prints (<c>/login?t=TOKEN</c>), a form for the token, and the way out.</summary>
internal sealed class LoginPage(DashboardLogin login, DashboardAssets assets, DashboardOptions options, string applicationName)
{
    private const string WrongToken = "This token is not the one of this run. Copy the link that the application host printed at its start (\"Login to the dashboard at …\").";

    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/login", context => context.Request.Query["t"].ToString() is { Length: > 0 } token
            ? EnterAsync(context, token, context.Request.Query["returnUrl"])
            : options.AllowsAnonymous ? LeadAsync(context, "/") : ShowAsync(context, StatusCodes.Status200OK, problem: "", context.Request.Query["returnUrl"]));
        routes.MapPost("/login", async context =>
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            await EnterAsync(context, form["token"].ToString().Trim(), form["returnUrl"]);
        });
        routes.MapPost("/logout", context =>
        {
            context.Response.Cookies.Delete(login.CookieName, Cookie());
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        });
    }

    private Task EnterAsync(HttpContext context, string token, string? returnUrl)
    {
        if (!login.IsToken(token))
        {
            return ShowAsync(context, StatusCodes.Status401Unauthorized, token.Length == 0 ? "Enter the token." : WrongToken, returnUrl);
        }
        context.Response.Cookies.Append(login.CookieName, login.Issue(), Cookie());
        return LeadAsync(context, Local(returnUrl));
    }

    private static Task LeadAsync(HttpContext context, string path)
    {
        context.Response.Redirect(path);
        return Task.CompletedTask;
    }

    private Task ShowAsync(HttpContext context, int status, string problem, string? returnUrl)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        var page = assets.Text("login.html")
            .Replace("{{application}}", WebUtility.HtmlEncode(applicationName), StringComparison.Ordinal)
            .Replace("{{hidden}}", problem.Length == 0 ? "hidden" : "", StringComparison.Ordinal)
            .Replace("{{problem}}", WebUtility.HtmlEncode(problem), StringComparison.Ordinal)
            .Replace("{{return}}", WebUtility.HtmlEncode(Local(returnUrl)), StringComparison.Ordinal);
        return context.Response.WriteAsync(page, context.RequestAborted);
    }

    // Only a path of the dashboard itself: a login must not lead to a foreign page.
    private static string Local(string? returnUrl) =>
        returnUrl is ['/', ..] && returnUrl is not ['/', '/' or '\\', ..] && !returnUrl.Any(char.IsControl) ? returnUrl : "/";

    private static CookieOptions Cookie() => new() { HttpOnly = true, SameSite = SameSiteMode.Lax, Path = "/", MaxAge = DashboardLogin.Lifetime, IsEssential = true };
}
