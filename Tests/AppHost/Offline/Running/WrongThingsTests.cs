using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Stack.Tests.AppHost.Offline.Running;

/// <summary>Things that go wrong on users' machines: each names cause and remedy, and the rest runs. A taken port and a missing program are in <see cref="SupervisionTests"/>, a missing image is with the containers.</summary>
public sealed class WrongThingsTests
{
    [Fact]
    public async Task HealthCheck_NeverPasses_SaysWhatItAskedAndWhatIsWaitingAndTheRestRuns()
    {
        await using var application = new TestApplication();
        var deaf = application.AddSleeper("deaf").WithHttpEndpoint(name: "http").WithHttpHealthCheck("/health/ready");
        application.AddSleeper("dependent").WaitFor(deaf);
        application.AddSleeper("rest");
        await application.StartAsync();
        await application.States.WaitForResourceHealthyAsync("rest", TestApplication.Deadline);
        await Eventually.TrueAsync(
            () => application.StateOf("deaf")?.HealthReports is [{ Status: HealthStatus.Unhealthy, Description: { } reason }]
                && reason.Contains("GET http://localhost:", StringComparison.Ordinal) && reason.Contains("/health/ready failed: Connection refused", StringComparison.Ordinal),
            "the report names the request and its failure");
        await Eventually.TrueAsync(() => application.StateOf("dependent") is { State.Text: "Waiting" } waiting && waiting.Properties.Get(KnownProperties.WaitingFor)?.ToString() == "deaf", "the dependent says what it waits for");
    }

    [Fact]
    public async Task Service_Crashes_ItsLastWordsAndExitCodeAreSaidAndTheRestRuns()
    {
        using var directory = new TemporaryDirectory();
        var application = new TestApplication(directory);
        await using (application)
        {
            application.AddShell("crashing", "echo 'no such table: users' >&2; exit 134");
            application.AddSleeper("rest");
            await application.StartAsync();
            await application.States.WaitForResourceHealthyAsync("rest", TestApplication.Deadline);
            await Eventually.TrueAsync(() => application.Log("crashing").Count(line => line == "no such table: users") >= 2, "it was started again");
            Assert.Equal(134, application.StateOf("crashing")?.ExitCode ?? 134);
            Assert.Equal(KnownResourceStates.Running, application.StateOf("rest")?.State?.Text);
        }
        Assert.Contains("crashing crashed: it ended with exit code 134 (SIGABRT: an unhandled exception). Starting it again in 1 s", application.Terminal(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequiredCommand_IsMissing_IsNamedWithItsHelp()
    {
        await using var application = new TestApplication();
        application.AddSleeper("needy").WithRequiredCommand("no-such-tool", "https://example.org/install");
        application.AddSleeper("rest");
        await application.StartAsync();
        await application.States.WaitForResourceAsync("needy", KnownResourceStates.FailedToStart, TestApplication.Deadline);
        await application.States.WaitForResourceHealthyAsync("rest", TestApplication.Deadline);
        var said = Assert.Single(application.Log("needy"));
        Assert.Contains("'needy' needs a program. The program 'no-such-tool' was not found in PATH.", said, StringComparison.Ordinal);
        Assert.Contains("https://example.org/install", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DataDirectory_HasAFileInPlaceOfAFolder_IsNamedWithTheRemedy()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory.File("run"), "");
        await using var application = new TestApplication(directory);
        application.AddSleeper("any");
        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(application.StartAsync);
        Assert.Contains($"The data directory {directory.File("run")} cannot be made", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--data DIR", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "is damaged")]
    [InlineData("""{"Dashboard:CookieKey": "no key"}""", "The secret 'Dashboard:CookieKey' is not made of pairs of hexadecimal digits")]
    public async Task Secrets_AreDamaged_TheDashboardSaysSoAndTheRestRunsAndStopsInOrder(string secrets, string said)
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory.File("secrets.json"), secrets);
        var application = new TestApplication(directory, "--dashboard", "--dashboard-port", "0");
        await using (application)
        {
            application.AddShell("rest", $"trap 'echo > {directory.File("goodbye")}; exit 0' TERM; echo > {directory.File("ready")}; while true; do sleep 0.1; done");
            await application.StartAsync();
            await Eventually.TrueAsync(() => File.Exists(directory.File("ready")), "the rest runs");
            await Eventually.TrueAsync(() => application.Terminal().Contains("The dashboard is not served", StringComparison.Ordinal), "the dashboard is refused");
        }
        Assert.Contains(said, application.Terminal(), StringComparison.Ordinal);
        Assert.True(File.Exists(directory.File("goodbye")), "The rest was not asked to end.");
    }

    [Fact]
    public async Task Secrets_AreDamaged_TheFileAndTheRemedyAreNamedAndTheRestRuns()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory.File("secrets.json"), "{");
        await using var application = new TestApplication(directory);
        var secret = application.Builder.AddParameter("key", new GenerateParameterDefault { MinLength = 8 }, secret: true, persist: true);
        application.AddSleeper("user").WithEnvironment("KEY", secret);
        application.AddSleeper("rest");
        await application.StartAsync();
        await application.States.WaitForResourceAsync("user", KnownResourceStates.FailedToStart, TestApplication.Deadline);
        await application.States.WaitForResourceHealthyAsync("rest", TestApplication.Deadline);
        Assert.Contains($"The secrets file {directory.File("secrets.json")} is damaged", string.Join(' ', application.Log("user")), StringComparison.Ordinal);
    }
}
