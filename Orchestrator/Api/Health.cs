using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Hosting;
using Stack.ServiceDefaults.Health;

namespace Stack.Orchestrator.Api;

/// <summary>How the orchestrator is, and what it is.</summary>
internal static class Health
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", ShowAsync).WithTags("Health").AllowAnonymous().WithSummary("How the orchestrator and what it relies on are").Produces<HealthResource>().Produces<HealthResource>(StatusCodes.Status503ServiceUnavailable);
        routes.MapGet("/info", InfoAsync).WithTags("Health").WithSummary("What this orchestrator is and what it has to do");
    }

    private static async Task<JsonHttpResult<HealthResource>> ShowAsync(HealthCheckService checks, HealthHistory history, TimeProvider time, CancellationToken cancellationToken)
    {
        var report = await checks.CheckHealthAsync(cancellationToken);
        history.Note(report);
        var components = report.Entries.ToDictionary(entry => entry.Key, entry => new HealthComponent(Word(entry.Value.Status), entry.Value.Description, history.SinceOf(entry.Key), (long)entry.Value.Duration.TotalMilliseconds));
        var status = report.Status == HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        return TypedResults.Json(new HealthResource(Word(report.Status), time.GetUtcNow(), Version, components), ApiJson.Default.HealthResource, statusCode: status);
    }

    private static async Task<Ok<InstanceResource>> InfoAsync(IWorkflowStore store, StoreChoice choice, TransportChoice transport, ApiKeys keys, AgentTokens tokens, CancellationToken cancellationToken)
    {
        var counts = await store.CountAsync(cancellationToken);
        return TypedResults.Ok(new InstanceResource
        {
            Version = Version,
            Store = choice.Name,
            Transport = transport.Name,
            ApiKeysRequired = keys.Any,
            AgentTokenRequired = tokens.Required,
            Workflows = counts.Workflows.ToDictionary(pair => JsonNamingPolicy.SnakeCaseLower.ConvertName(pair.Key.ToString()), pair => pair.Value),
            WaitingTasks = counts.Attempts.Where(pair => pair.Key.Status is not AttemptStatus.Running).GroupBy(pair => pair.Key.AgentType).ToDictionary(group => group.Key, group => group.Sum(pair => pair.Value)),
        });
    }

    /// <summary>The version of the program, without the commit.</summary>
    public static string Version { get; } =
        (typeof(Health).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0").Split('+')[0];

    private static string Word(HealthStatus status) => status.ToString().ToLowerInvariant();
}

/// <summary>The state of the orchestrator.</summary>
/// <param name="Status">healthy, degraded or unhealthy.</param>
/// <param name="Timestamp">When it was looked at.</param>
/// <param name="Version">The version of the program.</param>
/// <param name="Components">What it relies on, by name.</param>
internal sealed record HealthResource(string Status, DateTimeOffset Timestamp, string Version, IReadOnlyDictionary<string, HealthComponent> Components);

/// <summary>The state of something that the orchestrator relies on.</summary>
/// <param name="Status">healthy, degraded or unhealthy.</param>
/// <param name="Message">What is wrong and what helps.</param>
/// <param name="Since">Since when the status is what it is, as far as this process knows.</param>
/// <param name="ResponseTimeMs">How long the look took.</param>
internal sealed record HealthComponent(string Status, string? Message, DateTimeOffset? Since, long ResponseTimeMs);

/// <summary>What this orchestrator is.</summary>
internal sealed record InstanceResource
{
    /// <summary>The version of the program.</summary>
    public required string Version { get; init; }

    /// <summary>The store: sqlite or postgres.</summary>
    public required string Store { get; init; }

    /// <summary>How tasks reach agents.</summary>
    public required string Transport { get; init; }

    /// <summary>Whether people need a key.</summary>
    public bool ApiKeysRequired { get; init; }

    /// <summary>Whether agents need the join token.</summary>
    public bool AgentTokenRequired { get; init; }

    /// <summary>Workflows by status.</summary>
    public required IReadOnlyDictionary<string, long> Workflows { get; init; }

    /// <summary>Tasks that wait, by agent type.</summary>
    public required IReadOnlyDictionary<string, long> WaitingTasks { get; init; }
}
