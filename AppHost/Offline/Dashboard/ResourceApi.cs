using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Aspire.Hosting.Offline;

/// <summary>What the dashboard asks about resources, and what it does to them.</summary>
internal sealed class ResourceApi(ResourceDescriber describer, ResourceCommandService commands, ResourceHistory history, TimeProvider time)
{
    private const string ByDashboard = "in the dashboard";

    /// <summary>How often a browser is told what changed; what changes more often is told once.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    internal void Map(IEndpointRouteBuilder api, CancellationToken applicationEnds)
    {
        api.MapGet("/resources", context => ControlAnswer.WriteAsync(context, StatusCodes.Status200OK, new ResourceList(describer.List())));
        api.MapGet("/resources/live", context => WatchAsync(context, applicationEnds));
        api.MapGet("/resources/{id}", context => WithResourceAsync(context, known => ControlAnswer.WriteAsync(context, StatusCodes.Status200OK, describer.Detail(known))));
        api.MapPost("/resources/{id}/reveal", context => WithResourceAsync(context, known => RevealAsync(context, known)));
        api.MapPost("/resources/{id}/commands/{command}", context => WithResourceAsync(context, known => ExecuteAsync(context, known)));
    }

    private Task WithResourceAsync(HttpContext context, Func<ResourceEvent, Task> answer)
    {
        var id = (string)context.Request.RouteValues["id"]!;
        return describer.Find(id) is { } known
            ? answer(known)
            : ControlAnswer.RefuseAsync(context, StatusCodes.Status404NotFound, "unknown-resource", $"There is no instance '{id}' in this application.");
    }

    /// <summary>Tells a browser all instances, and then every one whose description changed.</summary>
    private async Task WatchAsync(HttpContext context, CancellationToken applicationEnds)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, applicationEnds);
        var stream = await EventStream.StartAsync(context, time);
        var told = new Dictionary<string, ResourceView>(StringComparer.Ordinal);
        using var timer = new PeriodicTimer(Pace, time);
        try
        {
            do
            {
                var all = describer.List();
                var changed = all.Where(one => Note(told, one)).ToArray();
                if (changed.Length > 0)
                {
                    await stream.SendAsync("resources", new ResourceChanges(changed, [.. all.Select(one => one.Id)]));
                }
                await stream.KeepAliveAsync();
            }
            while (await timer.WaitForNextTickAsync(ends.Token));
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // The browser went, or the application ends.
        }
    }

    private static bool Note(Dictionary<string, ResourceView> told, ResourceView one)
    {
        var isTold = ReferenceEquals(told.GetValueOrDefault(one.Id), one);
        told[one.Id] = one;
        return !isTold;
    }

    private static async Task RevealAsync(HttpContext context, ResourceEvent known)
    {
        var asked = await JsonSerializer.DeserializeAsync<RevealRequest>(context.Request.Body, ControlAnswer.Json, context.RequestAborted);
        if (asked is { Kind: { } kind, Name: { } name } && ResourceDescriber.Reveal(known, kind, name) is { } value)
        {
            await ControlAnswer.WriteAsync(context, StatusCodes.Status200OK, new RevealedValue(value));
            return;
        }
        await ControlAnswer.RefuseAsync(context, StatusCodes.Status404NotFound, "unknown-value", $"'{known.ResourceId}' has no {asked?.Kind} '{asked?.Name}'.");
    }

    private async Task ExecuteAsync(HttpContext context, ResourceEvent known)
    {
        var name = (string)context.Request.RouteValues["command"]!;
        var request = context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
            ? await JsonSerializer.DeserializeAsync<CommandRequest>(context.Request.Body, ControlAnswer.Json, context.RequestAborted)
            : null;
        InteractionInput[] inputs = [.. (request?.Arguments ?? new Dictionary<string, string>()).Select(one => new InteractionInput { Name = one.Key, InputType = InputType.Text, Value = one.Value })];
        history.NoteRequest(known.ResourceId, name, ByDashboard);
        // Whoever closes the page does not take back what he asked for.
        var result = await commands.ExecuteCommandAsync(known.ResourceId, name, new InteractionInputCollection(inputs), CancellationToken.None);
        await ControlAnswer.WriteAsync(context, StatusCodes.Status200OK, new CommandOutcome(result.Success, result.Canceled, result.Success ? result.Message : result.ErrorMessage));
    }

    private sealed record ResourceList(IReadOnlyList<ResourceView> Resources);

    private sealed record ResourceChanges(IReadOnlyList<ResourceView> Changed, IReadOnlyList<string> All);

    private sealed record RevealRequest(string? Kind, string? Name);

    private sealed record RevealedValue(string Value);

    private sealed record CommandRequest(IReadOnlyDictionary<string, string>? Arguments);

    private sealed record CommandOutcome(bool Success, bool Canceled, string? Message);
}
