using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Stack.AppHost;

/// <summary>An Ollama server: language models on this machine.</summary>
internal sealed class OllamaResource(string name) : ContainerResource(name), IResourceWithConnectionString
{
    internal const int Port = 11434;
    internal const string EndpointName = "http";

    internal EndpointReference PrimaryEndpoint => new(this, EndpointName);

    /// <summary>The address, for example <c>http://localhost:11434</c>.</summary>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{PrimaryEndpoint}");
}

/// <summary>A model of an Ollama server: running once the server has it.</summary>
internal sealed class OllamaModelResource(string name, string model, OllamaResource server) : Resource(name), IResourceWithConnectionString
{
    internal string Model => model;

    internal OllamaResource Server => server;

    /// <summary>The server and the model, for example <c>Endpoint=http://localhost:11434;Model=qwen3:4b</c>.</summary>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"Endpoint={server.PrimaryEndpoint};Model={model}");
}

/// <summary>Describes Ollama servers, with nothing but Aspire's public API.</summary>
internal static class OllamaBuilderExtensions
{
    // A model has gigabytes, and the line may be slow.
    private static readonly HttpClient Client = new() { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Adds a server that keeps its models in a volume.</summary>
    internal static IResourceBuilder<OllamaResource> AddOllama(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddResource(new OllamaResource(name))
            .WithImage("ollama/ollama", "latest")
            .WithHttpEndpoint(targetPort: OllamaResource.Port, name: OllamaResource.EndpointName)
            .WithVolume($"{name}-models", "/root/.ollama")
            .WithHttpHealthCheck("/api/version");

    /// <summary>Adds a model, which the server pulls when it is ready and does not have it. Without a server nothing is pulled.</summary>
    internal static IResourceBuilder<OllamaModelResource> AddModel(this IResourceBuilder<OllamaResource> builder, string name, string model)
    {
        var resource = builder.ApplicationBuilder.AddResource(new OllamaModelResource(name, model, builder.Resource))
            .WithParentRelationship(builder)
            .WithInitialState(new() { ResourceType = "OllamaModel", Properties = [new("model", model)], State = KnownResourceStates.NotStarted });
        builder.OnResourceReady((server, ready, cancellationToken) =>
        {
            var notifications = ready.Services.GetRequiredService<ResourceNotificationService>();
            var logger = ready.Services.GetRequiredService<ResourceLoggerService>().GetLogger(resource.Resource);
            // In the background: the server itself is ready, and others that want it need not wait for the model.
            _ = Task.Run(() => PullAsync(resource.Resource, notifications, logger, cancellationToken), cancellationToken);
            return Task.CompletedTask;
        });
        return resource;
    }

    private static async Task PullAsync(OllamaModelResource model, ResourceNotificationService notifications, ILogger logger, CancellationToken cancellationToken)
    {
        if (!model.Server.PrimaryEndpoint.IsAllocated)
        {
            return;
        }
        try
        {
            await SetStateAsync(notifications, model, KnownResourceStates.Starting);
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{model.Server.PrimaryEndpoint.Url}/api/pull") { Content = JsonContent.Create(new { model = model.Model }) };
            using var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            response.EnsureSuccessStatusCode();
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
            var said = "";
            while (await lines.ReadLineAsync(cancellationToken) is { } line)
            {
                using var progress = JsonDocument.Parse(line);
                if (progress.RootElement.TryGetProperty("error", out var error))
                {
                    throw new HttpRequestException(error.GetString());
                }
                var status = progress.RootElement.TryGetProperty("status", out var text) ? text.GetString() ?? "" : "";
                if (status != said)
                {
                    said = status;
                    PullLog.Progress(logger, model.Model, status);
                }
            }
            await SetStateAsync(notifications, model, KnownResourceStates.Running);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or JsonException)
        {
            PullLog.Failure(logger, model.Model, failure.Message);
            await SetStateAsync(notifications, model, KnownResourceStates.FailedToStart);
        }
    }

    private static Task SetStateAsync(ResourceNotificationService notifications, OllamaModelResource model, string state) =>
        notifications.PublishUpdateAsync(model, snapshot => snapshot with { State = state });
}

/// <summary>What is said of a model that is being pulled.</summary>
internal static partial class PullLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "{Model}: {Status}")]
    internal static partial void Progress(ILogger logger, string model, string status);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Model} could not be pulled: {Reason} Pull it by hand (ollama pull {Model}), and start again.")]
    internal static partial void Failure(ILogger logger, string model, string reason);
}
