using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Stack.Tests.AppHost.Offline.Dashboard.Explaining;

public sealed class ResourceExplainerTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Healthy_NeedsNoExplanation() => Assert.Null(Explain(Snapshot("Running")));

    [Fact]
    public void Waiting_ForWhatStarts_NamesItAndIsNoAlarm()
    {
        var explanation = Explain(
            Snapshot("Waiting"),
            waits: [new("postgres", WaitType.WaitUntilHealthy, Snapshot("Starting"), Noon), new("redis", WaitType.WaitUntilHealthy, Snapshot("Running"), Noon)],
            changes: [Change(0, "Starting"), Change(1, "Waiting")])!;

        Assert.Equal("It waits for postgres.", explanation.Headline);
        Assert.Equal(ExplanationSeverity.Notice, explanation.Severity);
        Assert.Equal(Noon.AddSeconds(1), explanation.Since);
        Assert.Equal(("postgres", "to be healthy", "starting", Noon), Assert.Single(explanation.WaitingFor) is var wait ? (wait.Name, wait.Condition, wait.State, wait.Since!.Value) : default);
    }

    [Fact]
    public void Waiting_ForWhatIsBroken_LeadsToTheCause()
    {
        var unhealthy = Snapshot("Running") with { HealthReports = [new("rabbitmq_check", HealthStatus.Unhealthy, "an AMQP handshake failed: Connection refused", null)] };

        var explanation = Explain(
            Snapshot("Waiting"),
            waits: [new("migrations", WaitType.WaitForCompletion, Snapshot("FailedToStart"), Noon), new("rabbitmq", WaitType.WaitUntilHealthy, unhealthy, Noon), new("cache", WaitType.WaitUntilStarted, Snapshot("Exited") with { ExitCode = 1 }, Noon)])!;

        Assert.Equal(ExplanationSeverity.Warning, explanation.Severity);
        Assert.Equal("It waits for rabbitmq and cache.", explanation.Headline);
        Assert.Equal(["an AMQP handshake failed: Connection refused", "it ended with exit code 1"], explanation.WaitingFor.Select(wait => wait.Reason));
        Assert.Contains("Look at rabbitmq and cache first", explanation.Remedies[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Unhealthy_AfterHavingBeenHealthy_SaysWhatTheCheckSaysAndTheLastError()
    {
        var snapshot = Snapshot("Running") with { HealthReports = [new("api_check", HealthStatus.Unhealthy, "GET http://localhost:3000/health answered 503, expected 200", null)] };

        var explanation = Explain(
            snapshot,
            changes: [Change(0, "Starting"), Change(1, "Running", "healthy"), Change(9, "Running", "unhealthy")],
            lines: [Line(1, "info: all well"), Line(8, "fail: Stack.Store[3]"), Line(8, "      The database is gone"), Line(8, "info: go on")])!;

        Assert.Equal("It runs, but is not healthy any more: GET http://localhost:3000/health answered 503, expected 200.", explanation.Headline);
        Assert.Equal("fail: Stack.Store[3]\n      The database is gone", explanation.LastError!.Text);
        Assert.Equal(Noon.AddSeconds(9), explanation.Since);
        Assert.Contains("open its health address", explanation.Remedies[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Unhealthy_BeforeTheFirstAnswer_IsNoAlarm()
    {
        var explanation = Explain(Snapshot("Running") with { HealthReports = [new("api_check", Status: null, Description: null, ExceptionText: null)] })!;

        Assert.Equal(ExplanationSeverity.Notice, explanation.Severity);
        Assert.Equal("It runs; its health check did not answer yet.", explanation.Headline);
    }

    [Fact]
    public void Crashed_SaysTheExitCodeTheLastWordsOfThisRunAndTheNextTry()
    {
        var next = Noon.AddSeconds(30);
        var snapshot = Snapshot("Finished") with { ExitCode = 134, Properties = [new(KnownProperties.RestartAt, next.UtcDateTime), new(KnownProperties.RestartCrashes, 3)] };

        var explanation = Explain(
            snapshot,
            changes: [Change(0, "Starting"), Change(1, "Running", "healthy"), Change(2, "Finished"), Change(3, "Starting"), Change(4, "Running", "healthy"), Change(5, "Finished")],
            lines: [Line(1, "fail: of the run before"), Line(4, "it said this"), Line(4, "and then this")])!;

        Assert.Equal(ExplanationSeverity.Error, explanation.Severity);
        Assert.Equal("It crashed with exit code 134 (SIGABRT: an unhandled exception), for the 3. time in a row.", explanation.Headline);
        Assert.Equal("it said this\nand then this", explanation.LastError!.Text);
        Assert.Equal(next, explanation.NextTryAt);
    }

    [Fact]
    public void Stopped_OnRequest_SaysWhoseAndDoesNotMindTheExitCode()
    {
        var explanation = Explain(
            Snapshot("Finished") with { ExitCode = 143 },
            changes: [Change(0, "Running", "healthy"), Change(1, "Stopping"), Change(2, "Finished")],
            request: new(Noon, "stop", "in the dashboard"))!;

        Assert.Equal(ExplanationSeverity.Notice, explanation.Severity);
        Assert.Equal("It was stopped with the command stop, given in the dashboard. It ended with exit code 143 (SIGTERM), as a program does that is told to stop.", explanation.Headline);
        Assert.Equal("Start it when it is needed again.", Assert.Single(explanation.Remedies));
    }

    [Fact]
    public void NotStartable_SaysTheHostsOwnMessage()
    {
        var explanation = Explain(
            Snapshot("FailedToStart"),
            changes: [Change(0, "Starting"), Change(1, "FailedToStart")],
            lines: [Line(1, "Port 3000 of 'api' (http) is taken by process 7 (nginx). Stop that, or give the resource another port.", isError: true)])!;

        Assert.Equal("It could not be started: Port 3000 of 'api' (http) is taken by process 7 (nginx). Stop that, or give the resource another port.", explanation.Headline);
        Assert.Equal(ExplanationSeverity.Error, explanation.Severity);
    }

    [Theory]
    [InlineData("NotStarted", "Notice", "It starts only when somebody asks for it, as the application says.")]
    [InlineData("ValueMissing", "Error", "The parameter has no value, and what needs it cannot start.")]
    [InlineData("RuntimeUnhealthy", "Error", "The container runtime does not answer.")]
    [InlineData("Starting", "Notice", "It is being started.")]
    [InlineData(null, "Notice", "It is being started.")]
    public void OtherState_IsExplained(string? state, string severity, string headline)
    {
        var explanation = Explain(Snapshot(state))!;

        Assert.Equal((severity, headline), (explanation.Severity.ToString(), explanation.Headline));
    }

    [Fact]
    public void Child_OfWhatIsNotThere_LeadsToItsParent() => Assert.Equal("It belongs to postgres and is there when postgres is.", Explain(Snapshot("Starting"), parent: "postgres")!.Headline);

    private static ResourceExplanation? Explain(
        CustomResourceSnapshot snapshot,
        IReadOnlyList<AwaitedInstance>? waits = null,
        IReadOnlyList<ResourceChange>? changes = null,
        ResourceRequest? request = null,
        IReadOnlyList<StampedLine>? lines = null,
        string? parent = null) => ResourceExplainer.Explain(new("api", "api", snapshot, waits ?? [], changes ?? [], request, lines ?? [], parent));

    private static CustomResourceSnapshot Snapshot(string? state) => new() { ResourceType = "Project", Properties = ImmutableArray<ResourcePropertySnapshot>.Empty, State = state };

    private static ResourceChange Change(int second, string state, string? health = null) => new(Noon.AddSeconds(second), state, health, Reason: null);

    private static StampedLine Line(int second, string text, bool isError = false) => new(new Aspire.Hosting.ApplicationModel.LogLine(second + 1, text, isError), Noon.AddSeconds(second));
}
