using System.Net;
using System.Text.Json;

namespace Stack.Tests.Orchestrator.Api;

[Collection(OrchestratorCollection.Name)]
public sealed class HealthTests(OrchestratorFixture fixture)
{
    [Theory]
    [InlineData("/api/v1/health")]
    [InlineData("/health")]
    [InlineData("/health/ready")]
    [InlineData("/health/live")]
    [InlineData("/alive")]
    public async Task Show_EverythingWell_IsHealthyWithATimestamp(string path)
    {
        using var answer = await fixture.Host.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal("healthy", body.RootElement.GetProperty("status").GetString());
        Assert.True(body.RootElement.GetProperty("timestamp").TryGetDateTimeOffset(out _));
    }

    [Fact]
    public async Task Instance_Asked_NamesStoreAndWhatIsRequired()
    {
        var instance = await fixture.Host.Client.GetAsync("/api/v1/info").ValueAsync<JsonElement>();
        Assert.Equal("sqlite", instance.GetProperty("store").GetString());
        Assert.False(instance.GetProperty("api_keys_required").GetBoolean());
    }
}
