using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Stack.Tests.Servers;

namespace Stack.Tests.AppHost.Offline.Containers;

[Collection(PodmanCollection.Name)]
[NeedsServer("podman")]
public sealed class ContainerRunTests
{
    [ServerFact]
    public async Task Start_ContainersAndAService_FindEachOtherByName()
    {
        await using var application = Application();
        var redis = application.Builder.AddRedis("cache");
        var web = application.Builder.AddExecutable("web", "dotnet", ".", typeof(ContainerRunTests).Assembly.Location, WebProgram.Name)
            .WithHttpEndpoint(name: "http")
            .WithEnvironment(context => context.EnvironmentVariables["ASPNETCORE_URLS"] = ((IResourceWithEndpoints)context.Resource).GetEndpoint("http"))
            .WithHttpHealthCheck("/health/ready");
        AddShell(application, "box", "exec 3<>/dev/tcp/${CACHE%:*}/${CACHE#*:}; printf 'PING\\r\\n' >&3; read -r answer <&3; echo \"cache: $answer\"; "
                + "rest=${WEB#http://}; exec 4<>/dev/tcp/${rest%:*}/${rest#*:}; printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&4; read -r answer <&4; echo \"web: $answer\"; sleep 3000")
            .WithEnvironment("CACHE", redis.Resource.PrimaryEndpoint.Property(EndpointProperty.HostAndPort))
            .WithEnvironment("WEB", web.GetEndpoint("http"))
            .WaitFor(redis).WaitFor(web);
        await application.StartAsync();
        await LogsAsync(application, "box", "cache: -NOAUTH");
        await LogsAsync(application, "box", "web: HTTP/1.1 200");
        Assert.Equal("cache:6379", await redis.Resource.PrimaryEndpoint.Property(EndpointProperty.HostAndPort).GetValueAsync(new ValueProviderContext { Network = KnownNetworkIdentifiers.DefaultAspireContainerNetwork }));
        Assert.StartsWith("localhost:", await redis.Resource.ConnectionStringExpression.GetValueAsync(CancellationToken.None), StringComparison.Ordinal);
        Assert.Equal("podman", application.Builder.Resources.Single(one => one.Name == "box").MaterializedAs()!.Reason.Split(' ')[0]);
    }

    [ServerFact]
    public async Task Start_VariablesFilesAndArguments_ReachTheContainerAndNoCommandLine()
    {
        await using var application = Application();
        var secret = application.Builder.AddParameter("secret", "s3cr3t-value", secret: true);
        AddShell(application, "box", "echo \"secret=$SECRET\"; echo \"lines=$LINES_OF\"; stat -c '%n %U %a' /etc/box/inner/file.txt; cat /etc/box/inner/file.txt; sleep 3000")
            .WithEnvironment("SECRET", secret)
            .WithEnvironment("LINES_OF", "first\nsecond")
            .WithContainerFiles("/etc/box", [new ContainerDirectory { Name = "inner", Entries = [new ContainerFile { Name = "file.txt", Contents = "content\n", Owner = 1654 }] }]);
        await application.StartAsync();
        await LogsAsync(application, "box", "content");
        Assert.Equal(["secret=s3cr3t-value", "lines=first", "second", "/etc/box/inner/file.txt app 644", "content"], application.Log("box"));
        Assert.DoesNotContain(ProcessTable.Ids(), id => ProcessTable.CommandLine(id)?.Contains("s3cr3t-value", StringComparison.Ordinal) == true);
        await Eventually.TrueAsync(() => application.StateOf("box")!.EnvironmentVariables.Length > 0, "what it was given is shown");
        Assert.Null(Assert.Single(application.StateOf("box")!.EnvironmentVariables, variable => variable.Name == "SECRET").Value);
        Assert.Empty(Directory.GetFiles(Path.Combine(application.Data, "run"), "*.env"));
    }

    [ServerFact]
    public async Task Stop_SessionContainers_AreGoneWithTheirNetworkAndTheVolumeStays()
    {
        using var directory = new TemporaryDirectory();
        var volume = $"stack-test-{Guid.NewGuid():N}";
        try
        {
            await using (var first = Application(directory))
            {
                AddShell(first, "box", "echo kept > /data/file; echo written; sleep 3000").WithVolume(volume, "/data");
                await first.StartAsync();
                await LogsAsync(first, "box", "written");
                Assert.Single(await OfAsync(directory));
            }
            Assert.Empty(await OfAsync(directory));
            Assert.Empty(await PodmanFixture.PodmanAsync("network", "ls", "--quiet", "--filter", Label(directory)));
            await using var second = Application(directory);
            AddShell(second, "box", "cat /data/file; sleep 3000").WithVolume(volume, "/data", isReadOnly: true);
            await second.StartAsync();
            await LogsAsync(second, "box", "kept");
        }
        finally
        {
            await PodmanFixture.PodmanAsync("volume", "rm", "--force", volume);
        }
    }

    [ServerFact]
    public async Task Start_PersistentContainer_IsUsedAgainUntilItsPlanChanges()
    {
        using var directory = new TemporaryDirectory();
        try
        {
            var first = await RunPersistentAsync(directory, "one");
            Assert.Equal(first, Assert.Single(await OfAsync(directory)));
            Assert.Equal(first, await RunPersistentAsync(directory, "one"));
            Assert.NotEqual(first, await RunPersistentAsync(directory, "two"));
            Assert.Single(await OfAsync(directory));
        }
        finally
        {
            await PodmanFixture.PodmanAsync(["rm", "--force", .. await OfAsync(directory)]);
            await PodmanFixture.PodmanAsync(["network", "rm", .. await PodmanFixture.PodmanAsync("network", "ls", "--quiet", "--filter", Label(directory))]);
        }
    }

    [ServerFact]
    public async Task Crash_Container_IsStartedAgainAndItsCommandsWork()
    {
        await using var application = Application();
        AddShell(application, "box", "echo started; if [ -e /tmp/x ]; then sleep 3000; fi; exit 3");
        AddShell(application, "steady", "trap 'echo asked; exit 0' TERM; echo up; while true; do sleep 0.1; done");
        await application.StartAsync();
        await Eventually.TrueAsync(() => application.Log("box").Count(line => line == "started") >= 2, "it was started again");
        await LogsAsync(application, "steady", "up");
        Assert.True((await application.Application.ResourceCommands.ExecuteCommandAsync("steady", KnownResourceCommands.StopCommand)).Success);
        await application.States.WaitForResourceAsync("steady", KnownResourceStates.Exited, TestApplication.Deadline);
        Assert.Contains("asked", application.Log("steady"));
        Assert.True((await application.Application.ResourceCommands.ExecuteCommandAsync("steady", KnownResourceCommands.StartCommand)).Success);
        await Eventually.TrueAsync(() => application.Log("steady").Count(line => line == "up") == 2, "it runs again");
    }

    [ServerFact]
    public async Task Start_DockerfileWithArgumentAndSecret_BuildsAndRunsTheImage()
    {
        await using var application = Application();
        await File.WriteAllTextAsync(Path.Combine(application.Data, "Dockerfile"), """
            FROM localhost/stack-test/debian
            ARG WORD
            RUN --mount=type=secret,id=TOKEN sh -c 'echo "$WORD $(wc -c < /run/secrets/TOKEN)" > /made'
            CMD ["sh", "-c", "cat /made; sleep 3000"]
            """);
        var token = application.Builder.AddParameter("token", "12345", secret: true);
        application.Builder.AddDockerfile("built", ".").WithBuildArg("WORD", "hello").WithBuildSecret("TOKEN", token);
        await application.StartAsync();
        await LogsAsync(application, "built", "hello 5");
        var image = application.Builder.Resources.OfType<ContainerResource>().Single();
        await application.StopAsync();
        await PodmanFixture.PodmanAsync("rmi", "--force", $"localhost/{image.Annotations.OfType<ContainerImageAnnotation>().Single().Image}:{image.Annotations.OfType<ContainerImageAnnotation>().Single().Tag}");
    }

    [ServerFact]
    public async Task Start_ImageThatIsNotThere_NamesItAndTheRestRuns()
    {
        await using var application = Application();
        application.Builder.AddContainer("absent", "localhost:1/nobody/nothing", "7");
        AddShell(application, "rest", "echo rest runs; sleep 3000");
        await application.StartAsync();
        await application.States.WaitForResourceAsync("absent", KnownResourceStates.FailedToStart, TestApplication.Deadline);
        await LogsAsync(application, "rest", "rest runs");
        var said = string.Join(' ', application.Log("absent"));
        Assert.Contains("The image localhost:1/nobody/nothing:7 of 'absent' is not there and cannot be pulled. podman says:", said, StringComparison.Ordinal);
        Assert.Contains("connection refused", said, StringComparison.Ordinal);
        Assert.Contains("podman pull localhost:1/nobody/nothing:7", said, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Start_AutoAndTheImageIsNotThere_FallsBackAndSaysSo()
    {
        await using var application = new TestApplication("--ASPIRE_CONTAINER_RUNTIME", "podman");
        application.Builder.AddContainer("absent", "localhost:1/nobody/nothing", "7");
        AddShell(application, "box", "echo runs; sleep 3000");
        await application.StartAsync();
        await LogsAsync(application, "box", "runs");
        var decision = application.Builder.Resources.Single(one => one.Name == "absent").MaterializedAs()!;
        Assert.Equal(MaterializationKind.Embedded, decision.Kind);
        Assert.Contains("localhost:1/nobody/nothing:7 is not there and podman cannot pull it", decision.Reason, StringComparison.Ordinal);
    }

    [ServerTheory]
    [InlineData(2)]
    [InlineData(15)]
    public async Task Host_EndedInTheMiddle_LeavesNoContainerAndNoNetwork(int signal)
    {
        using var directory = new TemporaryDirectory();
        using var host = HostProcess.Start(HostProgram.Boxes, directory.Path, "--infrastructure", "containers", "--ASPIRE_CONTAINER_RUNTIME", "podman");
        await Eventually.TrueAsync(async () => (await OfAsync(directory)).Count == 2, () => $"two containers run; the host said: {string.Join('\n', host.Lines)}", TimeSpan.FromSeconds(40));
        host.Send(signal);
        await host.IsGoneAsync(TimeSpan.FromSeconds(25));
        Assert.Empty(await OfAsync(directory));
        Assert.Empty(await PodmanFixture.PodmanAsync("network", "ls", "--quiet", "--filter", Label(directory)));
    }

    [ServerTheory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Host_KilledWithContainers_LeavesNothing(int containers)
    {
        using var directory = new TemporaryDirectory();
        using var host = HostProcess.Start(HostProgram.Boxes, directory.Path, "--infrastructure", "containers", "--ASPIRE_CONTAINER_RUNTIME", "podman");
        await Eventually.TrueAsync(async () => (await OfAsync(directory)).Count >= containers, () => $"{containers} containers are there; the host said: {string.Join('\n', host.Lines)}", TimeSpan.FromSeconds(40));
        host.Send(Signal.Kill);
        await Eventually.TrueAsync(async () => (await OfAsync(directory)).Count == 0 && host.Descendants().Count == 0, () => "nothing is left", TimeSpan.FromSeconds(20));
        await Eventually.TrueAsync(
            async () => (await PodmanFixture.PodmanAsync("network", "ls", "--quiet", "--filter", Label(directory))).Count == 0, () => "the network is gone", TimeSpan.FromSeconds(10));
    }

    [ServerFact]
    public async Task Start_AfterHostAndWatchdogWereKilled_RemovesWhatTheyLeft()
    {
        using var directory = new TemporaryDirectory();
        using (var host = HostProcess.Start(HostProgram.Boxes, directory.Path, "--infrastructure", "containers", "--ASPIRE_CONTAINER_RUNTIME", "podman"))
        {
            await Eventually.TrueAsync(async () => (await OfAsync(directory)).Count == 2, () => "two containers run", TimeSpan.FromSeconds(40));
            foreach (var watchdog in ProcessTable.Ids().Where(id => ProcessTable.CommandLine(id) is { } line && line.Contains("stack-watchdog", StringComparison.Ordinal) && line.Contains(directory.Path, StringComparison.Ordinal)).ToArray())
            {
                Signal.Send(watchdog, Signal.Kill);
            }
            host.Send(Signal.Kill);
            await host.IsGoneAsync(TimeSpan.FromSeconds(10));
        }
        await using var next = new TestApplication(directory, "--infrastructure", "embedded", "--ASPIRE_CONTAINER_RUNTIME", "podman");
        next.AddSleeper("other");
        await next.StartAsync();
        Assert.Empty(await OfAsync(directory));
    }

    private static async Task<string> RunPersistentAsync(TemporaryDirectory directory, string word)
    {
        await using var application = Application(directory);
        AddShell(application, "kept", "echo \"word=$WORD\"; sleep 3000").WithEnvironment("WORD", word).WithLifetime(ContainerLifetime.Persistent);
        await application.StartAsync();
        await LogsAsync(application, "kept", $"word={word}");
        await application.States.WaitForResourceAsync("kept", KnownResourceStates.Running, TestApplication.Deadline);
        return ((string)application.StateOf("kept")!.Properties.Single(property => property.Name == "container.id").Value!)[..12];
    }

    private static TestApplication Application(TemporaryDirectory? directory = null)
    {
        string[] options = ["--infrastructure", "containers", "--ASPIRE_CONTAINER_RUNTIME", "podman"];
        return directory is null ? new TestApplication(options) : new TestApplication(directory, options);
    }

    private static IResourceBuilder<ContainerResource> AddShell(TestApplication application, string name, string script) =>
        application.Builder.AddContainer(name, PodmanFixture.Image).WithEntrypoint("bash").WithArgs("-c", $"trap 'exit 0' TERM; {script.Replace("sleep 3000", "sleep 3000 & wait", StringComparison.Ordinal)}");

    private static Task LogsAsync(TestApplication application, string name, string text) => Eventually.TrueAsync(
        () => Task.FromResult(application.Log(name).Any(line => line.Contains(text, StringComparison.Ordinal))),
        () => $"{name} says '{text}'; it said: {string.Join('\n', application.Log(name))}",
        TimeSpan.FromSeconds(40));

    private static string Label(TemporaryDirectory directory) => $"label={ContainerLabels.Data}={new RunMarker(directory.Path, "any").DirectoryHash}";

    private static Task<IReadOnlyList<string>> OfAsync(TemporaryDirectory directory) => PodmanFixture.PodmanAsync("ps", "--all", "--quiet", "--filter", Label(directory));
}
