using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Stack.Tests.Orchestrator.Api;

[Collection(OrchestratorCollection.Name)]
public sealed class OpenApiDocumentTests(OrchestratorFixture fixture)
{
    [Fact]
    public async Task Document_EveryRouteOfTheApi_IsListedWithASummary()
    {
        var document = await DocumentAsync();
        var paths = document.GetProperty("paths");
        var routes = fixture.Host.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal)).ToList();
        Assert.True(routes.Count > 35, $"{routes.Count}");
        foreach (var route in routes)
        {
            var path = route.RoutePattern.RawText!.Replace("{**", "{", StringComparison.Ordinal).TrimEnd('/');
            var method = route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods[0].ToLowerInvariant();
            Assert.True(paths.TryGetProperty(path, out var entry) && entry.TryGetProperty(method, out var operation) && operation.TryGetProperty("summary", out _), $"{method} {path}");
            var parameters = entry.GetProperty(method).TryGetProperty("parameters", out var list) ? list.EnumerateArray().ToList() : [];
            Assert.All(parameters, parameter => Assert.True(parameter.TryGetProperty("description", out _), $"{method} {path}: {parameter}"));
        }
    }

    [Fact]
    public async Task Document_FeedsTag_DescribesTheProtocol()
    {
        var document = await DocumentAsync();
        var feed = document.GetProperty("tags").EnumerateArray().Single(tag => tag.GetProperty("name").GetString() == "Agents' feed");
        Assert.Contains("Any program that speaks HTTP and JSON can be an agent.", feed.GetProperty("description").GetString(), StringComparison.Ordinal);
        var claim = document.GetProperty("paths").GetProperty("/api/v1/tasks/claim").GetProperty("post");
        Assert.Equal("#/components/schemas/TaskClaim", claim.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString());
        Assert.Equal("#/components/responses/Problem", claim.GetProperty("responses").GetProperty("default").GetProperty("$ref").GetString());
        var properties = document.GetProperty("components").GetProperty("schemas").GetProperty("TaskClaim").GetProperty("properties");
        Assert.True(properties.TryGetProperty("agent_type", out _), properties.ToString());
    }

    private async Task<JsonElement> DocumentAsync()
    {
        using var document = JsonDocument.Parse(await fixture.Host.Client.GetStringAsync("/openapi/v1.json"));
        return document.RootElement.Clone();
    }
}
