using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Stack.Tests.Servers;

namespace Stack.Tests.AppHost.Offline.Servers;

/// <summary>What holds for every server that the host runs as a process, which it does on Linux and macOS. Each test has servers, folders and ports of its own.</summary>
[UnsupportedOSPlatform("windows")]
public abstract class ServerProgramSuite : IDisposable
{
    protected const string Name = "server";

    private readonly TemporaryDirectory directory = new();

    private protected static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(90)).Token;

    [ServerFact]
    public async Task Stop_AfterWork_LeavesNoProcessAndTheNextRunHasDataAndPort()
    {
        int port;
        await using (var first = await StartAsync())
        {
            port = PortOf(first);
            await WriteAsync(first, "kept");
            await first.StopAsync();
        }
        Assert.Empty(Processes());

        await using var second = await StartAsync();
        Assert.Equal(port, PortOf(second));
        Assert.Equal("kept", await ReadAsync(second));
    }

    [ServerFact]
    public async Task Kill_OfTheServer_IsSeenAndItStartsAgainWithItsData()
    {
        await using var application = await StartAsync();
        await WriteAsync(application, "kept");
        var process = PidOf(application);

        Signal.Send(process, Signal.Kill);

        await application.States.WaitForResourceAsync(Name, change => change.Snapshot.ExitCode == 137, Deadline);
        await application.States.WaitForResourceHealthyAsync(Name, WaitBehavior.WaitOnResourceUnavailable, Deadline);
        Assert.NotEqual(process, PidOf(application));
        Assert.Equal("kept", await ReadWhenRecoveredAsync(application));
    }

    [ServerFact]
    public async Task Start_WithoutAVolumeAndWithItsPortTaken_IsEmptyAndOnAnotherPort()
    {
        int port;
        await using (var first = await StartAsync(hasVolume: false))
        {
            port = PortOf(first);
            await WriteAsync(first, "gone");
        }
        using var thief = new TcpListener(IPAddress.Loopback, port);
        thief.Start();

        await using var second = await StartAsync(hasVolume: false);

        Assert.NotEqual(port, PortOf(second));
        Assert.Null(await ReadAsync(second));
    }

    [ServerFact]
    public async Task Start_WithAnotherPassword_KnowsItOnlyAndHasTheData()
    {
        await using (var first = await StartAsync("--Parameters:server-password", "before it's"))
        {
            await WriteAsync(first, "kept");
        }

        await using var second = await StartAsync("--Parameters:server-password", "after it's");

        Assert.Equal("kept", await ReadAsync(second));
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => ReadAsync(second, "before it's"));
        Assert.IsNotType<SocketException>(refusal);
        Assert.DoesNotContain("after it's", string.Join('\n', second.Log(Name)), StringComparison.Ordinal);
        Assert.DoesNotContain(Processes(), id => ProcessTable.CommandLine(id)?.Contains("after it's", StringComparison.Ordinal) == true);
    }

    [ServerFact]
    public async Task Files_WithThePassword_AreTheServersAlone()
    {
        await using var application = await StartAsync("--Parameters:server-password", "PASSWORD-IN-A-FILE");

        var folder = new DirectoryInfo(directory.File("servers")).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? directory.File("servers");
        var readable = Directory.EnumerateFiles(Path.Combine(folder, Name), "*", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains("PASSWORD-IN-A-FILE", StringComparison.Ordinal))
            .Where(file => (File.GetUnixFileMode(file) & (UnixFileMode.OtherRead | UnixFileMode.GroupRead)) != 0);
        Assert.Empty(readable);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(folder, Name)));
    }

    public void Dispose()
    {
        Assert.Empty(Processes());
        directory.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected abstract void Describe(IDistributedApplicationBuilder builder, bool hasVolume);

    private protected abstract Task WriteAsync(TestApplication application, string value);

    /// <summary>What was written; null when there is nothing. With another password than the server's it throws.</summary>
    private protected abstract Task<string?> ReadAsync(TestApplication application, string? password = null);

    // A queue may be recovered a while after its server answers; a client that was refused asks again.
    private async Task<string?> ReadWhenRecoveredAsync(TestApplication application)
    {
        string? value = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    value = await ReadAsync(application);
                    return true;
                }
                catch (Exception exception) when (exception is OperationCanceledException or IOException)
                {
                    return false;
                }
            },
            () => $"the data can be read again; the server said: {string.Join(Environment.NewLine, application.Log(Name))}",
            TimeSpan.FromSeconds(60));
        return value;
    }

    private protected static int PortOf(TestApplication application) => ((IResourceWithEndpoints)application.Builder.Resources.Single(one => one.Name == Name)).GetEndpoint("tcp").Port;

    private protected static int PidOf(TestApplication application) =>
        Convert.ToInt32(application.StateOf(Name)!.Properties.Single(property => property.Name == "executable.pid").Value, CultureInfo.InvariantCulture);

    private protected static async Task<string> PasswordOf(TestApplication application, ParameterResource parameter) => (await parameter.GetValueAsync(Deadline))!;

    private protected string DataFile(string name) => Path.Combine(directory.File("servers"), Name, name);

    private protected Task<TestApplication> StartAsync(params string[] arguments) => StartAsync(hasVolume: true, arguments);

    private protected async Task<TestApplication> StartAsync(bool hasVolume, params string[] arguments)
    {
        var application = Application(hasVolume, arguments);
        await application.StartAsync();
        await application.States.WaitForResourceHealthyAsync(Name, WaitBehavior.WaitOnResourceUnavailable, Deadline);
        return application;
    }

    private protected TestApplication Application(bool hasVolume, params string[] arguments)
    {
        var application = new TestApplication(directory, ["--infrastructure", "processes", .. arguments]);
        Describe(application.Builder, hasVolume);
        return application;
    }

    private protected IReadOnlyList<int> Processes()
    {
        var servers = new ServerFolders(new StateDirectory(directory.Path)).Existing;
        return [.. ProcessTable.WithEnvironment(new RunMarker(directory.Path, "any").AnyRunAssignment).Concat(servers is null ? [] : ProcessTable.Ids().Where(id => ProcessTable.WorksIn(id, servers))).Distinct()];
    }
}
