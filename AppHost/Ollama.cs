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

/// <summary>Describes Ollama servers, with nothing but Aspire's public API.</summary>
internal static class OllamaBuilderExtensions
{
    /// <summary>Adds a server that keeps its models in a volume.</summary>
    internal static IResourceBuilder<OllamaResource> AddOllama(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddResource(new OllamaResource(name))
            .WithImage("ollama/ollama", "latest")
            .WithHttpEndpoint(targetPort: OllamaResource.Port, name: OllamaResource.EndpointName)
            .WithVolume($"{name}-models", "/root/.ollama")
            .WithHttpHealthCheck("/api/version");
}
