using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

public static partial class ResourceBuilderExtensions
{
    /// <summary>Adds a command that sends a request to the resource, by default a POST to https when it has that, or else to http.</summary>
    public static IResourceBuilder<TResource> WithHttpCommand<TResource>(
        this IResourceBuilder<TResource> builder,
        string path,
        string displayName,
        [EndpointName] string? endpointName = null,
        string? commandName = null,
        HttpCommandOptions? commandOptions = null)
        where TResource : IResourceWithEndpoints =>
        builder.WithHttpCommand(path, displayName, endpointName is null ? null : () => builder.GetEndpoint(endpointName), commandName, commandOptions);

    /// <inheritdoc cref="WithHttpCommand{TResource}(IResourceBuilder{TResource}, string, string, string?, string?, HttpCommandOptions?)"/>
    public static IResourceBuilder<TResource> WithHttpCommand<TResource>(
        this IResourceBuilder<TResource> builder,
        string path,
        string displayName,
        Func<EndpointReference>? endpointSelector,
        string? commandName = null,
        HttpCommandOptions? commandOptions = null)
        where TResource : IResourceWithEndpoints
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentException.ThrowIfNullOrEmpty(displayName);
        var options = commandOptions ?? new HttpCommandOptions();
        var method = options.Method ?? HttpMethod.Post;
        var endpoint = EndpointOf(builder, options.EndpointSelector ?? endpointSelector);
        builder.ApplicationBuilder.Services.AddHttpClient();
        // One that can be used only while somebody is there to answer, unless its author says otherwise.
        var shown = new CommandOptions
        {
            Description = options.Description,
            Parameter = options.Parameter,
            ConfirmationMessage = options.ConfirmationMessage,
            IconName = options.IconName,
            IconVariant = options.IconVariant,
            IsHighlighted = options.IsHighlighted,
            UpdateState = options.UpdateState ?? (context => context.ResourceSnapshot.HealthStatus == HealthStatus.Healthy ? ResourceCommandState.Enabled : ResourceCommandState.Disabled),
        };
        var name = commandName ?? $"{endpoint.Resource.Name}-{endpoint.EndpointName}-http-{method.Method.ToLowerInvariant()}-{path}";
        return builder.WithCommand(name, displayName, context => SendAsync(context, endpoint, method, path, options), shown);
    }

    private static EndpointReference EndpointOf<T>(IResourceBuilder<T> builder, Func<EndpointReference>? selector) where T : IResourceWithEndpoints
    {
        var endpoint = selector is not null
            ? selector()
            : HttpEndpointNames.Select(builder.Resource.GetEndpoint).FirstOrDefault(candidate => candidate.Exists);
        return endpoint switch
        {
            null => throw new DistributedApplicationException(
                $"Could not create HTTP command for resource '{builder.Resource.Name}': it has no http or https endpoint. Declare one with WithHttpEndpoint first."),
            { Exists: true, IsHttp: false, IsHttps: false } => throw new DistributedApplicationException(
                $"Could not create HTTP command for resource '{builder.Resource.Name}': endpoint '{endpoint.EndpointName}' speaks '{endpoint.Scheme}', not http or https."),
            _ => endpoint,
        };
    }

    private static async Task<ExecuteCommandResult> SendAsync(ExecuteCommandContext context, EndpointReference endpoint, HttpMethod method, string path, HttpCommandOptions options)
    {
        if (!endpoint.IsAllocated)
        {
            return CommandResults.Failure($"The endpoint '{endpoint.EndpointName}' of '{endpoint.Resource.Name}' has no address: the resource is not run. Start it first.");
        }
        using var client = context.ServiceProvider.GetRequiredService<IHttpClientFactory>().CreateClient(options.HttpClientName ?? "");
        using var request = new HttpRequestMessage(method, new Uri(new Uri(endpoint.Url), path));
        if (options.PrepareRequest is { } prepare)
        {
            await prepare(new()
            {
                ServiceProvider = context.ServiceProvider,
                ResourceName = context.ResourceName,
                Endpoint = endpoint,
                CancellationToken = context.CancellationToken,
                HttpClient = client,
                Request = request,
            });
        }
        try
        {
            using var response = await client.SendAsync(request, context.CancellationToken);
            return options.GetCommandResult is { } read
                ? await read(new()
                {
                    ServiceProvider = context.ServiceProvider,
                    ResourceName = context.ResourceName,
                    Endpoint = endpoint,
                    CancellationToken = context.CancellationToken,
                    HttpClient = client,
                    Response = response,
                })
                : response.IsSuccessStatusCode ? CommandResults.Success()
                : CommandResults.Failure($"{method} {request.RequestUri} answered {(int)response.StatusCode} ({response.ReasonPhrase}).");
        }
        catch (HttpRequestException failure)
        {
            return CommandResults.Failure($"{method} {request.RequestUri} failed: {failure.Message}");
        }
    }
}
