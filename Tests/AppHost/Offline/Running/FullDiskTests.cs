using System.Diagnostics;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Stack.Tests.Servers;

namespace Stack.Tests.AppHost.Offline.Running;

/// <summary>The data directory is on a small disk of its own.</summary>
[NeedsServer("mount")]
public sealed class FullDiskTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose()
    {
        Run("umount", "--lazy", directory.Path);
        directory.Dispose();
    }

    [ServerFact]
    public async Task Start_DiskIsFull_NamesTheDirectoryAndTheRemedy()
    {
        Mount("size=256k");
        Fill();
        await using var application = new TestApplication(directory);
        application.AddSleeper("any");
        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(application.StartAsync);
        Assert.Contains($"The data directory {directory.Path} cannot be written: No space left on device", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Free it, or choose another with --data DIR.", refusal.Message, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Start_DiskIsReadOnly_NamesTheDirectoryAndTheRemedy()
    {
        Mount("size=256k,ro");
        await using var application = new TestApplication(directory);
        application.AddSleeper("any");
        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(application.StartAsync);
        Assert.Contains("Read-only file system", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--data DIR", refusal.Message, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Run_DiskFills_ServicesGoOnAndCanBeStartedAgain()
    {
        Mount("size=512k");
        var application = new TestApplication(directory);
        await using (application)
        {
            application.AddShell("talker", "while true; do echo tick; sleep 0.05; done");
            application.AddSleeper("other");
            await application.StartAsync();
            await application.States.WaitForResourceHealthyAsync("other", TestApplication.Deadline);
            Fill();
            var seen = application.Log("talker").Count;
            await Eventually.TrueAsync(() => application.Log("talker").Count > seen + 20, "the lines go on in memory");
            Assert.True((await application.Application.ResourceCommands.ExecuteCommandAsync("other", KnownResourceCommands.RestartCommand)).Success);
            await application.States.WaitForResourceHealthyAsync("other", TestApplication.Deadline);
            await Eventually.TrueAsync(() => application.StateOf("other")?.State?.Text == KnownResourceStates.Running, "it runs again");
            File.Delete(directory.File("filler"));
        }
        Assert.Empty(Directory.GetFiles(directory.File("run"), "*.pid"));
    }

    private void Mount(string options) => Assert.Equal(0, Run("mount", "-t", "tmpfs", "-o", options, "stack-test", directory.Path));

    private void Fill()
    {
        using var filler = new FileStream(directory.File("filler"), FileMode.Create);
        try
        {
            while (true)
            {
                filler.Write(new byte[4096]);
                filler.Flush();
            }
        }
        catch (IOException)
        {
            // It is full now.
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode;
    }
}
