using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Stack.ServiceDefaults.Preflight;

namespace Stack.Tests.ServiceDefaults.Preflight;

public sealed class PreflightRunnerTests
{
    [Fact]
    public async Task Start_DependencyAppearsLater_ReadyOnlyThenAndNamedMeanwhile()
    {
        var check = new SwitchedCheck();
        await using var service = await StartAsync(check, new() { ["Preflight:Interval"] = "00:00:00.2" });

        await Eventually.TrueAsync(() => check.Attempts > 1, "a second attempt");
        using var before = await service.Client.GetAsync("/health/ready");
        var body = await before.Content.ReadAsStringAsync();
        using var live = await service.Client.GetAsync("/health/live");
        check.Available = true;
        await Eventually.TrueAsync(async () => (await service.Client.GetAsync("/health/ready")).IsSuccessStatusCode, "ready once the dependency is there");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, before.StatusCode);
        Assert.Contains("ledger: the door is closed. Open the door.", body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        await Eventually.TrueAsync(() => service.Log.Any(line => line.StartsWith("Information: ✓ ledger is available after", StringComparison.Ordinal)), "the success is logged");
        Assert.Contains(service.Log, line => line.StartsWith("Warning: ⚠ ledger is not available", StringComparison.Ordinal) && line.Contains("the door is closed. Trying for 30 s. Open the door.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_TimeoutPassesWithoutFailFast_WarnsAndKeepsTrying()
    {
        var check = new SwitchedCheck();
        await using var service = await StartAsync(check, new() { ["STARTUP_TIMEOUT_SECONDS"] = "0.1", ["Preflight:Interval"] = "00:00:00.1" });

        await Eventually.TrueAsync(() => service.Log.Any(line => line.Contains("still not available", StringComparison.Ordinal)), "the timeout is reported");
        check.Available = true;
        await Eventually.TrueAsync(async () => (await service.Client.GetAsync("/health/ready")).IsSuccessStatusCode, "ready after the timeout");

        Assert.Single(service.Log, line => line.Contains("still not available", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_FailFastAndTimeout_ProcessIsToldToEndWithExitCode1()
    {
        var exitCode = Environment.ExitCode;
        try
        {
            await using var service = await StartAsync(
                new SwitchedCheck(),
                new() { ["Preflight:FailFast"] = "true", ["Preflight:Timeout"] = "00:00:00.1", ["Preflight:Interval"] = "00:00:00.1" });

            await service.Stopped.WaitAsync(TimeSpan.FromSeconds(20));

            Assert.Equal(1, Environment.ExitCode);
            Assert.Contains(service.Log, line => line.StartsWith("Critical: ⚠ ledger", StringComparison.Ordinal) && line.EndsWith("Open the door.", StringComparison.Ordinal));
        }
        finally
        {
            Environment.ExitCode = exitCode;
        }
    }

    [Theory]
    [InlineData("Preflight:Enabled")]
    [InlineData("STARTUP_DEPENDENCY_CHECK")]
    public async Task Start_Disabled_ReadyWithoutAsking(string setting)
    {
        var check = new SwitchedCheck();
        await using var service = await StartAsync(check, new() { [setting] = "false" });

        await Eventually.TrueAsync(async () => (await service.Client.GetAsync("/health/ready")).IsSuccessStatusCode, "ready");

        Assert.Equal(0, check.Attempts);
    }

    [Fact]
    public async Task Start_CheckHangs_AttemptTimeoutIsTheCause()
    {
        await using var service = await StartAsync(new HangingCheck(), new() { ["Preflight:AttemptTimeout"] = "00:00:00.05" });

        await Eventually.TrueAsync(
            () => service.Log.Any(line => line.Contains("hang is not available", StringComparison.Ordinal) && line.Contains("no answer within 0.05 s", StringComparison.Ordinal)),
            "the hanging check is cut off");
    }

    [Fact]
    public async Task Start_TcpPortClosed_CauseNamesHostAndPort()
    {
        var port = ClosedPort();
        await using var service = await TestService.StartAsync(configure: builder =>
            builder.Services.AddTcpPreflightCheck("postgres", "127.0.0.1", port, "Start it with --infrastructure processes."));

        await Eventually.TrueAsync(
            () => service.Log.Any(line => line.Contains($"cannot connect to 127.0.0.1:{port}: Connection refused", StringComparison.Ordinal) && line.Contains("Start it with --infrastructure processes.", StringComparison.Ordinal)),
            "refusal with remedy");
    }

    [Fact]
    public async Task Start_HttpDependencyByName_PassesWhenItAnswers()
    {
        await using var upstream = await TestService.StartAsync();
        await using var service = await TestService.StartAsync(
            new() { ["services:orchestrator:http:0"] = upstream.Address.ToString() },
            builder => builder.Services.AddHttpPreflightCheck("orchestrator", new Uri("https+http://orchestrator/health/live"), "Start the orchestrator."));

        await Eventually.TrueAsync(async () => (await service.Client.GetAsync("/health/ready")).IsSuccessStatusCode, "ready");

        await Eventually.TrueAsync(() => service.Log.Any(line => line.StartsWith("Information: ✓ Preflight passed: 1 dependencies", StringComparison.Ordinal)), "passed");
    }

    [Theory]
    [InlineData("STARTUP_TIMEOUT_SECONDS", "soon")]
    [InlineData("STARTUP_DEPENDENCY_CHECK", "perhaps")]
    [InlineData("Preflight:Timeout", "-00:00:01")]
    public async Task Start_SettingMakesNoSense_RefusedWithNameAndValue(string setting, string value)
    {
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => TestService.StartAsync(new() { [setting] = value }));

        Assert.Contains(setting, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(value, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PauseAfter_EachAttempt_DoublesUpToTheInterval()
        => Assert.Equal([0.2, 0.4, 0.8, 1.6, 2, 2, 2], Enumerable.Range(1, 7).Select(attempt => new PreflightOptions().PauseAfter(attempt).TotalSeconds));

    private static Task<TestService> StartAsync(IPreflightCheck check, Dictionary<string, string?> settings)
        => TestService.StartAsync(settings, builder => builder.Services.AddPreflightCheck(_ => check));

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class SwitchedCheck : IPreflightCheck
    {
        private int attempts;

        public volatile bool Available;

        public int Attempts => Volatile.Read(ref attempts);

        public string Name => "ledger";

        public string Remedy => "Open the door.";

        public Task CheckAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref attempts);
            return Available ? Task.CompletedTask : throw new InvalidOperationException("the door is closed.");
        }
    }

    private sealed class HangingCheck : IPreflightCheck
    {
        public string Name => "hang";

        public string Remedy => "Wake it.";

        public Task CheckAsync(CancellationToken cancellationToken) => new TaskCompletionSource().Task;
    }
}
