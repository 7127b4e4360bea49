using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Application;

public sealed class InterruptionTests : IDisposable
{
    private const int SigInt = 2;

    private readonly TemporaryDirectory data = new();

    [Fact]
    public async Task Publication_IsInterruptedByTwoSignalsAtOnce_UndoesWhatItBegan()
    {
        using var host = Start();
        await host.SaysAsync("begun");

        host.Send(SigInt);
        host.Send(Signal.Terminate);
        await host.SaysAsync("Interrupted; what was begun is undone.");
        await File.WriteAllTextAsync(data.File("undone"), "");

        await Eventually.TrueAsync(() => host.Lines.Contains("undone"), "it is undone");
        await host.IsGoneAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(Interruption.ExitCode, host.ExitCode);
    }

    [Fact]
    public async Task Publication_IsInterruptedAgain_EndsAtOnce()
    {
        using var host = Start();
        await host.SaysAsync("begun");

        await Eventually.TrueAsync(
            () =>
            {
                host.Send(SigInt);
                return host.HasExited;
            },
            "the host is gone although nothing is undone",
            TimeSpan.FromSeconds(10));

        Assert.Equal(Interruption.ExitCode, host.ExitCode);
        Assert.DoesNotContain("undone", host.Lines);
    }

    public void Dispose() => data.Dispose();

    private HostProcess Start() => HostProcess.Start(HostProgram.Publication, data.Path, "--operation", "publish", "--publisher", "manifest", "--output-path", data.File("manifest.json"));
}
