using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Stack.Tests.ServiceDefaults.Telemetry;

public sealed class QuietLoggingTests
{
    [Theory]
    [InlineData("Microsoft.AspNetCore.Hosting.Diagnostics", false)]
    [InlineData("System.Net.Http.HttpClient.Default.LogicalHandler", false)]
    [InlineData("Microsoft.Hosting.Lifetime", true)]
    [InlineData("Stack.Engine.Dispatcher", true)]
    public async Task Start_NothingConfigured_OnlyTheFrameworksChatterIsOff(string category, bool expected)
    {
        await using var service = await TestService.StartAsync();

        Assert.Equal(expected, Logger(service, category).IsEnabled(LogLevel.Information));
    }

    [Fact]
    public async Task Start_LevelConfigured_ItWins()
    {
        await using var service = await TestService.StartAsync(new() { ["Logging:LogLevel:Microsoft.AspNetCore"] = "Information" });

        Assert.True(Logger(service, "Microsoft.AspNetCore.Hosting.Diagnostics").IsEnabled(LogLevel.Information));
    }

    private static ILogger Logger(TestService service, string category) => service.Services.GetRequiredService<ILoggerFactory>().CreateLogger(category);
}
