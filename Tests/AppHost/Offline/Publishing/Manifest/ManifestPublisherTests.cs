using System.Text.Json.Nodes;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Publishing.Manifest;

public sealed class ManifestPublisherTests
{
    private static readonly string Output = Path.Combine(GoldenApplication.Projects, "..", "..", "out", "manifest", ManifestPublisher.FileName);

    [Fact]
    public async Task Manifest_OfTheGoldenApplication_IsWhatAspireWritesToTheByte() =>
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(GoldenApplication.Folder, "manifest", ManifestPublisher.FileName)), await WriteAsync(GoldenApplication.Describe("--operation", "publish")));

    [Fact]
    public async Task Manifest_WithValuesOfSecrets_HasNoneOfThem()
    {
        var manifest = await WriteAsync(GoldenApplication.Describe(
            "--operation", "publish", "--Parameters:pg-password", "hidden-1", "--Parameters:api-key", "hidden-2", "--Parameters:cache-password", "hidden-3", "--ConnectionStrings:external", "hidden-4"));

        Assert.DoesNotContain("hidden", manifest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Manifest_OfGeneratedParameters_SaysHowToGenerateThem()
    {
        var builder = Empty();
        builder.AddParameter("token", new GenerateParameterDefault { MinLength = 40, Special = false, MinNumeric = 2 }, secret: true, persist: true);
        builder.AddParameter("greeting", "hello", publishValueAsDefault: true);

        var resources = await ResourcesAsync(builder);

        Assert.Equal("""{"generate":{"minLength":40,"special":false,"minNumeric":2}}""", resources["token"]!["inputs"]!["value"]!["default"]!.ToJsonString());
        Assert.Equal("""{"value":"hello"}""", resources["greeting"]!["inputs"]!["value"]!["default"]!.ToJsonString());
    }

    [Fact]
    public async Task Manifest_WithADeployment_SaysSoInTheTypes()
    {
        var builder = Empty();
        builder.AddDockerComposeEnvironment("compose");
        builder.AddContainer("thing", "image");

        var resources = await ResourcesAsync(builder);

        Assert.Equal("container.v1", resources["thing"]!["type"]!.GetValue<string>());
        Assert.Null(resources["compose"]);
    }

    [Fact]
    public async Task Manifest_OfWhatIsExcluded_DoesNotMentionIt()
    {
        var builder = Empty();
        builder.AddContainer("local", "image").ExcludeFromManifest();

        Assert.Empty(await ResourcesAsync(builder));
    }

    [Fact]
    public async Task Manifest_OfAnUnknownResource_SaysThatItHasNone()
    {
        var builder = Empty();
        builder.AddExternalService("outside", "https://example.com");

        Assert.Equal("This resource does not support generation in the manifest.", (await ResourcesAsync(builder))["outside"]!["error"]!.GetValue<string>());
    }

    private static IDistributedApplicationBuilder Empty() => DistributedApplication.CreateBuilder(["--operation", "publish"]);

    private static async Task<JsonObject> ResourcesAsync(IDistributedApplicationBuilder builder) => JsonNode.Parse(await WriteAsync(builder))!["resources"]!.AsObject();

    private static Task<string> WriteAsync(IDistributedApplicationBuilder builder) =>
        ManifestPublisher.WriteAsync(new DistributedApplicationModel(builder.Resources), builder.ExecutionContext, Path.GetFullPath(Output), CancellationToken.None);
}
