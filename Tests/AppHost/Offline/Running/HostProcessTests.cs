using Aspire.Hosting.Offline;
using Stack.Tests.ServiceDefaults;

namespace Stack.Tests.AppHost.Offline.Running;

public sealed class HostProcessTests : IDisposable
{
    private const int SigInt = 2;

    private readonly TemporaryDirectory data = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Host_IsKilled_NothingIsLeftOfItsProcesses(int processesSoFar)
    {
        using var host = HostProcess.Start(HostProgram.Family, data.Path);
        // Two shells, the child, the grandchild in a session of its own, the sleep of the stubborn one: five when all have started.
        await host.HasDescendantsAsync(processesSoFar);

        host.Send(Signal.Kill);

        await Eventually.TrueAsync(() => host.Descendants().Count == 0 && host.HasExited, "no process is left", TimeSpan.FromSeconds(5));
        await Task.Delay(200);
        Assert.Empty(host.Descendants());
    }

    [Fact]
    public async Task Host_DiesWithItsWatchdog_NextStartEndsWhatIsLeft()
    {
        using var host = HostProcess.Start(HostProgram.Family, data.Path);
        await host.HasDescendantsAsync(5);
        var watchdog = ProcessTable.Ids().Single(id => ProcessTable.CommandLine(id) is { } line && line.Contains("stack-watchdog", StringComparison.Ordinal) && line.Contains(data.Path, StringComparison.Ordinal));
        host.Send(19);
        Signal.Send(watchdog, Signal.Kill);
        host.Send(Signal.Kill);
        await host.IsGoneAsync(TimeSpan.FromSeconds(5));
        var left = host.Descendants();
        Assert.NotEmpty(left);

        using var next = HostProcess.Start(HostProgram.Polite, data.Path);
        await next.SaysAsync("that an earlier run left behind");

        Assert.DoesNotContain(left, id => !ProcessTable.IsZombie(id));
        next.Send(Signal.Terminate);
        await next.IsGoneAsync(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(SigInt)]
    [InlineData(Signal.Terminate)]
    public async Task Host_IsToldToStop_EverythingIsGoneWithinTenSeconds(int signal)
    {
        using var host = HostProcess.Start(HostProgram.Family, data.Path);
        await host.SaysAsync("all healthy");

        host.Send(signal);

        await host.IsGoneAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, host.ExitCode);
        Assert.Empty(host.Descendants());
        Assert.Empty(Directory.GetFiles(data.File("run"), "*.pid"));
    }

    // Whoever tells the whole process group is heard twice: dotnet run passes it on.
    [Theory]
    [InlineData(new[] { SigInt })]
    [InlineData(new[] { SigInt, Signal.Terminate })]
    public async Task Host_IsToldToStop_DependentsEndFirst(int[] signals)
    {
        using var host = HostProcess.Start(HostProgram.Polite, data.Path);
        await host.SaysAsync("all healthy");

        Array.ForEach(signals, host.Send);

        await host.IsGoneAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, host.ExitCode);
        await host.SaysAsync("first ends");
        var ends = host.Lines.Where(line => line.EndsWith("ends", StringComparison.Ordinal)).Select(line => line.Split('|')[1].Trim());
        Assert.Equal(["second ends", "first ends"], ends);
    }

    [Fact]
    public async Task Host_IsToldToStopAgain_EverythingIsGoneAtOnce()
    {
        using var host = HostProcess.Start(HostProgram.Family, data.Path);
        await host.SaysAsync("all healthy");

        host.Send(SigInt);
        await host.SaysAsync("Press Ctrl+C again");
        await Eventually.TrueAsync(
            () =>
            {
                host.Send(SigInt);
                return host.HasExited;
            },
            "the host is gone before its time to stop in order is over",
            TimeSpan.FromSeconds(5));

        Assert.Equal(130, host.ExitCode);
        await Eventually.TrueAsync(() => host.Descendants().Count == 0, "no process is left", TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task SecondHost_OnTheSameDirectory_IsRefusedWithTheFirstsProcessId()
    {
        using var first = HostProcess.Start(HostProgram.Polite, data.Path);
        await first.SaysAsync("all healthy");

        using var second = HostProcess.Start(HostProgram.Polite, data.Path);

        await second.IsGoneAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(1, second.ExitCode);
        await second.SaysAsync($"in use by another application host: process {first.Id}");
        Assert.False(first.HasExited);
        first.Send(SigInt);
        await first.IsGoneAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Host_GivenAnUnknownInfrastructure_NamesTheAllowedOnes()
    {
        using var host = HostProcess.Start(HostProgram.Polite, data.Path, "--infrastructure", "cloud");

        await host.IsGoneAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(1, host.ExitCode);
        await host.SaysAsync("--infrastructure is 'cloud', and it must be one of auto, containers, processes, embedded.");
    }

    public void Dispose() => data.Dispose();
}
