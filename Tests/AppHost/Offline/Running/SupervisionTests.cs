using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Stack.Tests.Orchestrator.Engine;
using Stack.Tests.ServiceDefaults;

namespace Stack.Tests.AppHost.Offline.Running;

public sealed class SupervisionTests
{
    [Fact]
    public async Task Resource_Crashes_IsStartedAgainAfterOneAndThenTwoSeconds()
    {
        await using var application = new TestApplication();
        application.AddShell("crasher", "date +%s.%N; exit 3");

        await application.StartAsync();
        await Eventually.TrueAsync(() => application.Log("crasher").Count >= 3, "three starts");

        var starts = application.Log("crasher").Take(3).Select(line => double.Parse(line, CultureInfo.InvariantCulture)).ToArray();
        Assert.InRange(starts[1] - starts[0], 1, 1.9);
        Assert.InRange(starts[2] - starts[1], 2, 3.5);
        await application.StopAsync();
        Assert.Contains("crasher crashed: it ended with exit code 3. Starting it again in 1 s (crash 1 in a row).", application.Terminal(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resource_Killed_IsStartedAgainAsAnotherProcess()
    {
        await using var application = new TestApplication();
        application.AddSleeper("victim");
        await application.StartAsync();
        await application.States.WaitForResourceAsync("victim", KnownResourceStates.Running, TestApplication.Deadline);
        var first = PidOf(application, "victim");

        Signal.Send(first, Signal.Kill);

        await application.States.WaitForResourceAsync("victim", change => change.Snapshot.ExitCode == 137, TestApplication.Deadline);
        await Eventually.TrueAsync(() => PidOf(application, "victim") is > 0 and var pid && pid != first, "another process runs");
    }

    [Fact]
    public async Task Resource_EndsWithZero_IsFinishedAndNotStartedAgain()
    {
        await using var application = new TestApplication();
        application.AddShell("task", "echo once");
        await application.StartAsync();

        await application.States.WaitForResourceAsync("task", KnownResourceStates.Finished, TestApplication.Deadline);
        await Task.Delay(TimeSpan.FromSeconds(1.5));

        Assert.Equal(KnownResourceStates.Finished, application.StateOf("task")?.State?.Text);
        Assert.Equal(["once"], application.Log("task"));
    }

    [Fact]
    public async Task Dependent_WaitsForHealth_StartsOnlyWhenTheCheckPasses()
    {
        await using var application = new TestApplication();
        var isHealthy = false;
        application.Builder.Services.AddHealthChecks().AddCheck("gate", () => isHealthy ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("not yet"));
        var server = application.AddSleeper("server").WithHealthCheck("gate");
        application.AddSleeper("client").WaitFor(server);
        await application.StartAsync();

        await application.States.WaitForResourceAsync("client", KnownResourceStates.Waiting, TestApplication.Deadline);
        await application.States.WaitForResourceAsync("server", change => change.Snapshot.HealthReports.Any(report => report.Description == "not yet"), TestApplication.Deadline);
        Assert.Equal("server", application.StateOf("client")!.Properties.Single(property => property.Name == "resource.waitingFor").Value);
        Assert.Equal(HealthStatus.Unhealthy, application.StateOf("server")!.HealthStatus);

        isHealthy = true;
        await application.States.WaitForResourceHealthyAsync("client", TestApplication.Deadline);
        Assert.True(application.StateOf("server")!.StartTimeStamp < application.StateOf("client")!.StartTimeStamp);
    }

    [Fact]
    public async Task Dependent_WaitsForHealth_WaitsForTheReadySubscribersToo()
    {
        await using var application = new TestApplication();
        var order = new List<string>();
        var server = application.AddSleeper("server").OnResourceReady(async (_, _, cancellationToken) =>
        {
            await Task.Delay(300, cancellationToken);
            order.Add("ready handled");
        });
        application.AddSleeper("client").WaitFor(server).WithEnvironment(_ => order.Add("client starts"));

        await application.StartAsync();
        await application.States.WaitForResourceAsync("client", KnownResourceStates.Running, TestApplication.Deadline);

        Assert.Equal(["ready handled", "client starts"], order);
    }

    [Fact]
    public async Task Dependent_WaitsForCompletion_StartsAfterTheEnd()
    {
        await using var application = new TestApplication();
        var migration = application.AddShell("migration", "sleep 0.3; exit 0");
        application.AddSleeper("server").WaitForCompletion(migration);

        await application.StartAsync();
        await application.States.WaitForResourceAsync("server", KnownResourceStates.Running, TestApplication.Deadline);

        Assert.Equal(KnownResourceStates.Finished, application.StateOf("migration")?.State?.Text);
    }

    [Fact]
    public async Task Dependent_WaitsForCompletion_FailsToStartWhenTheExitCodeIsAnother()
    {
        await using var application = new TestApplication();
        var migration = application.AddShell("migration", "exit 4");
        application.AddSleeper("server").WaitForCompletion(migration);

        await application.StartAsync();
        await application.States.WaitForResourceAsync("server", KnownResourceStates.FailedToStart, TestApplication.Deadline);

        Assert.Contains(application.Log("server"), line => line.Contains("waited for 'migration' to complete with exit code 0, and it ended with 4", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ExplicitStart_UntilTheCommand_IsNotStarted()
    {
        await using var application = new TestApplication();
        var tool = application.AddSleeper("tool").WithExplicitStart();
        await application.StartAsync();
        await application.States.WaitForResourceAsync("tool", KnownResourceStates.NotStarted, TestApplication.Deadline);

        Assert.True((await application.Application.ResourceCommands.ExecuteCommandAsync(tool.Resource, "start", TestApplication.Deadline)).Success);
        await application.States.WaitForResourceAsync("tool", KnownResourceStates.Running, TestApplication.Deadline);
        Assert.True((await application.Application.ResourceCommands.ExecuteCommandAsync("tool", "stop", TestApplication.Deadline)).Success);
        await application.States.WaitForResourceAsync("tool", KnownResourceStates.Finished, TestApplication.Deadline);
    }

    [Fact]
    public async Task Command_Restart_RunsAnotherProcess()
    {
        await using var application = new TestApplication();
        application.AddSleeper("server");
        await application.StartAsync();
        await application.States.WaitForResourceAsync("server", KnownResourceStates.Running, TestApplication.Deadline);
        var first = PidOf(application, "server");

        Assert.True((await application.Application.ResourceCommands.ExecuteCommandAsync("server", "resource-restart", TestApplication.Deadline)).Success);

        await Eventually.TrueAsync(() => PidOf(application, "server") is > 0 and var pid && pid != first, "another process runs");
        Assert.True(ProcessTable.IsZombie(first));
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("restart")]
    [InlineData(null)]
    public async Task Health_WasBeingCheckedAtTheStop_NothingIsSaidOfIt(string? command)
    {
        var time = new ManualTimeProvider();
        var check = new UnhealthyWhenCanceled();
        await using var application = new TestApplication();
        application.Builder.Services.AddSingleton<TimeProvider>(time);
        application.Builder.Services.AddHealthChecks().AddCheck("late", check);
        application.AddSleeper("server").WithHealthCheck("late");
        await application.StartAsync();
        await application.States.WaitForResourceHealthyAsync("server", TestApplication.Deadline);
        var first = PidOf(application, "server");
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(30));
                return check.IsUnderWay;
            },
            "the second check is under way");

        if (command is not null)
        {
            Assert.True((await application.Application.ResourceCommands.ExecuteCommandAsync("server", command, TestApplication.Deadline)).Success);
            await Eventually.TrueAsync(() => ProcessTable.IsZombie(first), "the process is gone");
        }
        await application.Application.StopAsync(TestApplication.Deadline);
        await application.StopAsync();

        Assert.DoesNotContain("is not healthy any more", application.Terminal(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_Stops_HealthIsNotCheckedAnyMore()
    {
        var time = new ManualTimeProvider();
        await using var application = new TestApplication();
        var (stopping, mayEnd) = (Path.Combine(application.Data, "stopping"), Path.Combine(application.Data, "may-end"));
        application.Builder.Services.AddSingleton<TimeProvider>(time);
        var late = 0;
        application.Builder.Services.AddHealthChecks().AddCheck("up", () => File.Exists(stopping) && Interlocked.Increment(ref late) > 0 ? HealthCheckResult.Unhealthy() : HealthCheckResult.Healthy());
        application.AddShell("server", $"trap 'touch {stopping}; while [ ! -e {mayEnd} ]; do sleep 0.05; done; exit 0' TERM; echo up; while true; do sleep 0.05; done").WithHealthCheck("up");
        await application.StartAsync();
        await application.States.WaitForResourceHealthyAsync("server", TestApplication.Deadline);
        await Eventually.TrueAsync(() => application.Log("server").Count > 0, "it listens");
        // The next check is due in five seconds, before the time to stop in order is over.
        time.Advance(TimeSpan.FromSeconds(25));

        var stop = application.Application.StopAsync(TestApplication.Deadline);
        await Eventually.TrueAsync(() => File.Exists(stopping), "it is being stopped");
        time.Advance(TimeSpan.FromSeconds(6));
        await File.WriteAllTextAsync(mayEnd, "");
        await stop;
        await application.StopAsync();

        Assert.Equal(0, late);
        Assert.DoesNotContain("is not healthy any more", application.Terminal(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_IsTaken_TheHolderAndTheRemedyAreNamedAndTheRestRuns()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        await using var application = new TestApplication();
        application.AddSleeper("server").WithHttpEndpoint(port: port);
        application.AddSleeper("other");

        await application.StartAsync();
        await application.States.WaitForResourceAsync("server", KnownResourceStates.FailedToStart, TestApplication.Deadline);
        await application.States.WaitForResourceAsync("other", KnownResourceStates.Running, TestApplication.Deadline);

        var message = application.Log("server")[0];
        Assert.StartsWith($"Port {port} of 'server' (http) is taken by process {Environment.ProcessId} (", message, StringComparison.Ordinal);
        Assert.EndsWith("Stop that, or give the resource another port.", message, StringComparison.Ordinal);

        holder.Stop();
        await application.States.WaitForResourceAsync("server", KnownResourceStates.Running, TestApplication.Deadline);
    }

    [Fact]
    public async Task Program_IsMissing_TheResourceSaysSoAndTheRestRuns()
    {
        await using var application = new TestApplication();
        application.Builder.AddExecutable("missing", "no-such-program-here", ".");
        application.AddSleeper("other");

        await application.StartAsync();
        await application.States.WaitForResourceAsync("missing", KnownResourceStates.FailedToStart, TestApplication.Deadline);
        await application.States.WaitForResourceAsync("other", KnownResourceStates.Running, TestApplication.Deadline);

        Assert.Contains("The program 'no-such-program-here' was not found in PATH. Install it, or give its full path.", application.Log("missing"));
    }

    [Fact]
    public async Task Callback_Throws_OnlyItsResourceFails()
    {
        await using var application = new TestApplication();
        application.AddSleeper("broken").WithEnvironment(_ => throw new InvalidOperationException("no luck"));
        application.AddSleeper("other");

        await application.StartAsync();
        await application.States.WaitForResourceAsync("broken", KnownResourceStates.FailedToStart, TestApplication.Deadline);
        await application.States.WaitForResourceAsync("other", KnownResourceStates.Running, TestApplication.Deadline);

        Assert.Contains("no luck", application.Log("broken"));
    }

    [Fact]
    public async Task Circle_OfWaits_IsRefusedAtStart()
    {
        await using var application = new TestApplication();
        var a = application.AddSleeper("a");
        var b = application.AddSleeper("b").WaitFor(a);
        var c = application.AddSleeper("c").WaitFor(b);
        a.WaitFor(c);

        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(application.StartAsync);

        Assert.Equal("Resources wait for each other in a circle: 'a' -> 'c' -> 'b' -> 'a'. Take one WaitFor away.", refusal.Message);
    }

    [Fact]
    public async Task AllHealthy_IsSaidOnceWithATableAndTheTime()
    {
        await using var application = new TestApplication("--infrastructure", "embedded");
        application.AddSleeper("server").WithHttpEndpoint(targetPort: 18083).WithEnvironment("X", "y");
        application.Builder.AddRedis("cache");

        await application.StartAsync();
        await application.States.WaitForResourceHealthyAsync("server", TestApplication.Deadline);
        await Eventually.TrueAsync(() => application.Terminal().Contains("Press Ctrl+C to shut down.", StringComparison.Ordinal), "the table is written");

        var terminal = application.Terminal();
        Assert.Matches(@"(?m)^server +process +healthy +http://localhost:18083 +\d+ +\d+ MB$", terminal);
        Assert.Matches(@"(?m)^cache +embedded +embedded +- +- +- +services use their embedded adapter", terminal);
        Assert.Matches(@"all healthy in \d+\.\d s", terminal);
        await Eventually.TrueAsync(() => application.Terminal().Contains("idle memory: ", StringComparison.Ordinal), "the idle memory is written");
        Assert.Matches(@"idle memory: \d+ MB in 3 processes, shared pages counted once \(\d+ MB resident, counted in each\)", application.Terminal());
    }

    private static int PidOf(TestApplication application, string name) =>
        application.StateOf(name)?.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value is int pid ? pid : 0;

    /// <summary>Healthy; but the second time it lasts until it is canceled, and is taken for unhealthy then.</summary>
    private sealed class UnhealthyWhenCanceled : IHealthCheck
    {
        private int calls;

        public bool IsUnderWay => Volatile.Read(ref calls) >= 2;

        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            if (Interlocked.Increment(ref calls) != 2)
            {
                return HealthCheckResult.Healthy();
            }
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return HealthCheckResult.Unhealthy("It ends.");
        }
    }
}
