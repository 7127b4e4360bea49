using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Where a running host is asked what it runs, and told to start, stop, restart, kill, pause and resume: HTTP on the loopback address. Its address and
/// the token it wants are in <c>run/host.json</c> of the data directory, which only the owner can read; what is said here is the owner's, secrets included.
/// </summary>
internal sealed partial class ControlEndpoint(StateDirectory data, ControlledResources resources, ResourceHistory history, ILogger<ControlEndpoint> logger)
{
    private const UnixFileMode MineAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly byte[] token = Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(40, lowercase: true));

    private string FilePath => Path.Combine(data.Run, "host.json");

    /// <summary>Serves until <paramref name="applicationEnds"/>. Where it cannot be served, the application runs without.</summary>
    internal async Task RunAsync(IReadOnlyList<ResourceSupervisor> supervisors, CancellationToken applicationEnds)
    {
        try
        {
            await ServeAsync(supervisors, applicationEnds);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogUnavailable(failure.Message);
        }
    }

    private async Task ServeAsync(IReadOnlyList<ResourceSupervisor> supervisors, CancellationToken applicationEnds)
    {
        await using var application = Build(supervisors);
        await application.StartAsync(applicationEnds);
        Announce(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, applicationEnds);
        }
        finally
        {
            File.Delete(FilePath);
        }
    }

    private WebApplication Build(IReadOnlyList<ResourceSupervisor> supervisors)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.Configure<KestrelServerOptions>(options => options.AddServerHeader = false);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, port: 0));
        builder.Services.AddRoutingCore();
        var application = builder.Build();
        application.Use(AuthorizeAsync);
        application.MapGet("/resources", context => ControlAnswer.WriteAsync(context, StatusCodes.Status200OK, resources.ListAsync));
        application.MapGet("/parameters/{name}", context => resources.Parameter(Route(context, "name")) is { } parameter
            ? ControlAnswer.WriteAsync(context, StatusCodes.Status200OK, parameter)
            : ControlAnswer.RefuseAsync(context, StatusCodes.Status404NotFound, "unknown-parameter", $"There is no parameter '{Route(context, "name")}' with a value."));
        application.MapPost("/resources/{name}/{action}", context => ActAsync(context, supervisors));
        return application;
    }

    private async Task ActAsync(HttpContext context, IReadOnlyList<ResourceSupervisor> supervisors)
    {
        var (name, word, wanted) = (Route(context, "name"), Route(context, "action"), context.Request.Query["instance"].ToString());
        var instances = supervisors.Where(one => string.Equals(one.Instance.Resource.Name, name, StringComparison.OrdinalIgnoreCase) && (wanted.Length == 0 || one.Instance.Id == wanted)).ToArray();
        if (ControlAction.Find(word) is not { } action)
        {
            await ControlAnswer.RefuseAsync(context, StatusCodes.Status404NotFound, "unknown-action", $"'{word}' is not one of {string.Join(", ", ControlAction.Names)}.");
        }
        else if (instances.Length == 0)
        {
            await ControlAnswer.RefuseAsync(
                context, StatusCodes.Status404NotFound, "unknown-resource", $"This host runs no '{name}'{(wanted.Length == 0 ? "" : $" with an instance '{wanted}'")}. GET /resources lists what it runs.");
        }
        else if (instances.Where(one => action.IsAllowed(resources.StateOf(one), one.ProcessId)).ToArray() is not { Length: > 0 } able)
        {
            await ControlAnswer.RefuseAsync(
                context, StatusCodes.Status409Conflict, "not-now", $"'{name}' is {string.Join(", ", instances.Select(one => resources.StateOf(one) ?? "unknown"))}; {word} {action.Condition}.");
        }
        else
        {
            foreach (var one in able)
            {
                history.NoteRequest(one.Instance.Id, word, "at the control endpoint");
                action.Do(one, resources);
            }
            await ControlAnswer.WriteAsync(context, StatusCodes.Status202Accepted, new ControlledResourceAnswer(await resources.DescribeAsync(able[0].Instance.Resource, context.RequestAborted)));
        }
    }

    private Task AuthorizeAsync(HttpContext context, RequestDelegate next)
    {
        const string scheme = "Bearer ";
        var header = context.Request.Headers.Authorization.ToString();
        return header.StartsWith(scheme, StringComparison.Ordinal) && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(header[scheme.Length..]), token)
            ? next(context)
            : ControlAnswer.RefuseAsync(context, StatusCodes.Status401Unauthorized, "unauthorized", $"Send the token of {FilePath} as 'Authorization: Bearer TOKEN'.");
    }

    private static string Route(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    private void Announce(string address)
    {
        var temporary = $"{FilePath}.tmp";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = MineAlone;
        }
        using (var stream = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(stream, new HostAnnouncement(Environment.ProcessId, address, Encoding.ASCII.GetString(token)), ControlAnswer.Json);
        }
        File.Move(temporary, FilePath, overwrite: true);
    }

    private sealed record HostAnnouncement(int Pid, string Address, string Token);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The control endpoint is not served: {Reason}")]
    private partial void LogUnavailable(string reason);
}
