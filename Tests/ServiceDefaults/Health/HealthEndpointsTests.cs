using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Stack.ServiceDefaults.Health;

namespace Stack.Tests.ServiceDefaults.Health;

public sealed class HealthEndpointsTests
{
    [Theory]
    [InlineData("/health")]
    [InlineData("/health/live")]
    [InlineData("/alive")]
    [InlineData("/health/ready")]
    public async Task Get_NothingWrong_HealthyInProductionWithoutKey(string path)
    {
        await using var service = await TestService.StartAsync();
        await ReadyAsync(service);

        using var response = await service.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("healthy", body.RootElement.GetProperty("status").GetString());
        Assert.True(body.RootElement.GetProperty("uptime_ms").GetInt64() >= 0);
        Assert.Matches(@"^\d+\.\d+\.\d+", body.RootElement.GetProperty("version").GetString());
        Assert.Equal(TimeSpan.Zero, body.RootElement.GetProperty("timestamp").GetDateTimeOffset().Offset);
    }

    [Fact]
    public async Task Get_ReadyCheckFails_ReadyIs503AndLiveIs200()
    {
        await using var service = await TestService.StartAsync(configure: builder => builder.Services.AddHealthChecks()
            .AddCheck("store", () => HealthCheckResult.Unhealthy("disk is full; free some space"), [HealthTags.Ready]));

        using var ready = await service.Client.GetAsync("/health/ready");
        using var live = await service.Client.GetAsync("/health/live");
        using var all = await service.Client.GetAsync("/health");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, all.StatusCode);
        using var body = JsonDocument.Parse(await all.Content.ReadAsStringAsync());
        var store = body.RootElement.GetProperty("components").GetProperty("store");
        Assert.Equal("unhealthy", body.RootElement.GetProperty("status").GetString());
        Assert.Equal("unhealthy", store.GetProperty("status").GetString());
        Assert.Equal("disk is full; free some space", store.GetProperty("message").GetString());
        Assert.True(store.GetProperty("since").GetDateTimeOffset() <= DateTimeOffset.UtcNow);
        Assert.True(store.GetProperty("response_time_ms").GetDouble() >= 0);
        Assert.Equal("healthy", body.RootElement.GetProperty("components").GetProperty("self").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Get_CheckIsDegraded_ReadyIs200AndSaysDegraded()
    {
        await using var service = await TestService.StartAsync(configure: builder => builder.Services.AddHealthChecks()
            .AddCheck("queue", () => HealthCheckResult.Degraded("slow"), [HealthTags.Ready]));
        await ReadyAsync(service);

        using var ready = await service.Client.GetAsync("/health/ready");

        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Contains("\"status\":\"degraded\"", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static Task ReadyAsync(TestService service)
        => Eventually.TrueAsync(async () => (await service.Client.GetAsync("/health/ready")).IsSuccessStatusCode, "ready");
}
