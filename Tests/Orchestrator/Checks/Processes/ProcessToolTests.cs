using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Stack.Agents.Runtime;
using Stack.Tests.Agents;

namespace Stack.Tests.Orchestrator.Checks;

public sealed class ProcessToolTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ProcessTool _tool;

    public ProcessToolTests() => _tool = ToolWith(Environment.GetEnvironmentVariables());

    public async ValueTask DisposeAsync()
    {
        await _tool.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Run_ProgramFails_IsAResultWithBothStreamsInOrder()
    {
        var result = await RunAsync("echo one; echo two >&2; echo three; exit 3");

        Assert.Equal(3, result.ExitCode);
        Assert.False(result.Succeeded);
        Assert.Equal("one\ntwo\nthree\n", result.Output);
        Assert.Equal("three", result.Tail(1));
    }

    [Fact]
    public async Task Run_SeparateError_KeepsTheStreamsApart()
    {
        var result = await _tool.RunAsync(new ProcessRequest { Program = "sh", Arguments = ["-c", "echo out; echo err >&2"], SeparateError = true }, CancellationToken.None);

        Assert.Equal("out\n", result.Output);
        Assert.Equal("err\n", result.Error);
    }

    [Fact]
    public async Task Run_ArgumentsWithBlanksAndQuotes_ArriveAsTheyAre()
    {
        var result = await _tool.RunAsync("printf", ["%s|", "a b", "c'd", "$HOME", "*"], CancellationToken.None);

        Assert.Equal("a b|c'd|$HOME|*|", result.Output);
    }

    [Fact]
    public async Task Run_OutputOverTheLimit_KeepsHeadAndTail()
    {
        var result = await _tool.RunAsync(
            new ProcessRequest { Program = "sh", Arguments = ["-c", "echo begin; i=0; while [ $i -lt 2000 ]; do echo line-$i; i=$((i+1)); done; echo end"], OutputLimit = 1_000 }, CancellationToken.None);

        Assert.True(result.Truncated);
        Assert.StartsWith("begin\nline-0\n", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("line-1999\nend\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("characters left out", result.Output, StringComparison.Ordinal);
        Assert.InRange(result.Output.Length, 1_000, 1_100);
    }

    [Fact]
    public async Task Run_OverItsTime_IsEndedWithItsChildren()
    {
        var pid = 0;
        var result = await _tool.RunAsync(
            new ProcessRequest
            {
                Program = "sh",
                Arguments = ["-c", "sleep 300 & echo $!; wait"],
                Timeout = TimeSpan.FromMilliseconds(400),
                OnLine = line => pid = Number(line),
            },
            CancellationToken.None);

        Assert.True(result.TimedOut);
        Assert.False(result.Succeeded);
        await Eventually.TrueAsync(() => !Processes.IsAlive(pid), "the child ends", seconds: 2);
    }

    [Fact]
    public async Task Run_Canceled_ThrowsAndEndsTheGroup()
    {
        var pid = 0;
        using var cancel = new CancellationTokenSource();
        var run = _tool.RunAsync(new ProcessRequest { Program = "sh", Arguments = ["-c", "sleep 300 & echo $!; wait"], OnLine = line => pid = Number(line) }, cancel.Token);
        await Eventually.TrueAsync(() => pid > 0, "the child starts");

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        await Eventually.TrueAsync(() => !Processes.IsAlive(pid), "the child ends", seconds: 2);
    }

    [Fact]
    public async Task Run_Ended_LeavesNoBackgroundChild()
    {
        var result = await RunAsync("sleep 300 >/dev/null 2>&1 & echo $!");

        var pid = Number(result.Output);
        await Eventually.TrueAsync(() => !Processes.IsAlive(pid), "the child ends", seconds: 2);
    }

    [Fact]
    public async Task Run_GrandchildHoldsThePipeAndLeftTheGroup_ReturnsAndTheOwnersEndEndsIt()
    {
        var watch = Stopwatch.StartNew();
        var result = await RunAsync("setsid sh -c 'echo $$; exec sleep 300' & sleep 0.3");

        var pid = Number(result.Output);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10));
        Assert.True(Processes.IsAlive(pid));
        await _tool.DisposeAsync();
        await Eventually.TrueAsync(() => !Processes.IsAlive(pid), "the grandchild ends", seconds: 2);
    }

    [Fact]
    public async Task Dispose_OtherOwnerWithALongerName_IsLeftAlone()
    {
        await using var other = new ProcessTool(new ProcessEnvironment(_folder.At("home"), new Hashtable(Environment.GetEnvironmentVariables())), "test-1/work.10/", _folder.Path, _folder.At("t"), TimeProvider.System);
        await using var child = other.Start(new ProcessRequest { Program = "sleep", Arguments = ["300"] });
        await RunAsync("true");

        await _tool.DisposeAsync();

        Assert.False(child.HasExited);
    }

    [Fact]
    public async Task Run_Environment_HasNoSecretAndAPrivateHome()
    {
        await using var tool = ToolWith(new Hashtable
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH"),
            ["HOME"] = "/root",
            ["STACK__AGENTTOKEN"] = "secret-1",
            ["ANTHROPIC_API_KEY"] = "secret-2",
            ["ConnectionStrings__stackdb"] = "Host=db;Password=secret-3",
            ["NuGetPackageSourceCredentials_feed"] = "Username=u;Password=secret-4",
            ["HTTPS_PROXY"] = "http://user:secret-5@proxy:8080",
            ["HTTP_PROXY"] = "http://proxy:8080",
        });

        var output = (await tool.RunAsync("env", [], CancellationToken.None)).Output;

        Assert.DoesNotContain("secret", output, StringComparison.Ordinal);
        Assert.Contains($"HOME={_folder.At("home")}\n", output, StringComparison.Ordinal);
        Assert.Contains("NUGET_PACKAGES=/root/.nuget/packages\n", output, StringComparison.Ordinal);
        Assert.Contains($"TMPDIR={_folder.At("t")}\n", output, StringComparison.Ordinal);
        Assert.Contains("HTTP_PROXY=http://proxy:8080\n", output, StringComparison.Ordinal);
        Assert.Contains("STACK_PROCESS_OWNER=test-1/work.1/\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Environment_UsersNuGetSettings_AreCopiedWithoutCredentials()
    {
        _folder.Write("user/.nuget/NuGet/NuGet.Config", """
            <configuration>
              <packageSources><add key="mine" value="https://feed.example/index.json" /></packageSources>
              <packageSourceCredentials><mine><add key="ClearTextPassword" value="hunter2" /></mine></packageSourceCredentials>
              <apikeys><add key="https://feed.example" value="hunter2" /></apikeys>
            </configuration>
            """);

        _ = new ProcessEnvironment(_folder.At("home"), new Hashtable { ["HOME"] = _folder.At("user") });

        var copied = File.ReadAllText(_folder.At("home/.nuget/NuGet/NuGet.Config"));
        Assert.Contains("https://feed.example/index.json", copied, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", copied, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_MissingProgram_NamesItAndTheRemedy()
    {
        var failure = await Assert.ThrowsAsync<ProgramMissingException>(() => _tool.RunAsync("no-such-program", [], CancellationToken.None));

        Assert.Equal("program_missing", failure.Error.Code);
        Assert.Contains("'no-such-program' was not found on PATH", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Install 'no-such-program'", failure.Error.SuggestedAction, StringComparison.Ordinal);
        Assert.Null(_tool.Find("no-such-program"));
        Assert.NotNull(_tool.Find("sh"));
    }

    [Fact]
    public async Task Run_BusyProgram_IsMeasured()
    {
        var result = await RunAsync("i=0; while [ $i -lt 600000 ]; do i=$((i+1)); done");

        Assert.True(result.CpuTime > TimeSpan.FromMilliseconds(50), $"{result.CpuTime} of {result.Duration}");
        Assert.True(result.PeakMemoryBytes > 100_000);
    }

    [Fact]
    public async Task Start_Server_WaitsForPortAndHttpAndStops()
    {
        var port = FreePort();
        var script = _folder.Write("server.mjs", $"import http from 'node:http'; http.createServer((q, a) => a.end('ok')).listen({port}, '127.0.0.1');");
        if (_tool.Find("node") is null)
        {
            // Any server does; this machine has no Node to write one in a line.
            return;
        }

        await using var child = _tool.Start(new ProcessRequest { Program = "node", Arguments = [script], Timeout = Timeout.InfiniteTimeSpan });
        using var client = new HttpClient();

        Assert.True(await child.WaitForPortAsync(port, TimeSpan.FromSeconds(10), CancellationToken.None));
        Assert.True(await child.WaitForHttpAsync(client, new Uri($"http://127.0.0.1:{port}/"), TimeSpan.FromSeconds(10), CancellationToken.None));
        await child.StopAsync(TimeSpan.FromSeconds(2), CancellationToken.None);
        Assert.True(child.HasExited);
        Assert.False(Processes.IsAlive(child.Pid));
    }

    [Fact]
    public async Task Start_ProgramThatEnds_IsNotWaitedForAnyLonger()
    {
        await using var child = _tool.Start(new ProcessRequest { Program = "sh", Arguments = ["-c", "echo cannot listen; exit 1"] });
        var watch = Stopwatch.StartNew();

        Assert.False(await child.WaitForPortAsync(FreePort(), TimeSpan.FromSeconds(30), CancellationToken.None));

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10));
        Assert.Equal("cannot listen\n", (await child.Completion).Output);
    }

    [Fact]
    public async Task Stop_ProgramHandlesTheSignal_EndsByItself()
    {
        await using var child = _tool.Start(new ProcessRequest { Program = "sh", Arguments = ["-c", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"] });
        await Eventually.TrueAsync(() => child.Output.StartsWith("up", StringComparison.Ordinal), "it is up");

        var result = await child.StopAsync(TimeSpan.FromSeconds(5), CancellationToken.None);

        Assert.Equal(0, result.ExitCode);
        Assert.EndsWith("bye\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agent_KilledWithMinus9_TakesItsChildrenAlong()
    {
        // The agent asks nvidia-smi for the machine's GPUs when it starts; this one hangs.
        var pidFile = _folder.At("pid");
        _folder.WriteScript("bin/nvidia-smi", $"echo $$ > {pidFile}.part; mv {pidFile}.part {pidFile}; exec sleep 300\n");
        var start = new ProcessStartInfo("dotnet", [typeof(AgentContext).Assembly.Location, "--type", "noop"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{_folder.At("bin")}:{start.Environment["PATH"]}";
        start.Environment["Stack__DataDirectory"] = _folder.At("data");
        start.Environment["Stack__OrchestratorUrl"] = "http://127.0.0.1:1";
        using var agent = Process.Start(start)!;
        await Eventually.TrueAsync(() => File.Exists(pidFile), "the child starts");
        var pid = Number(await File.ReadAllTextAsync(pidFile));
        Assert.True(Processes.IsAlive(pid));

        agent.Kill();

        await Eventually.TrueAsync(() => !Processes.IsAlive(pid), "the child ends", seconds: 3);
    }

    private static int Number(string text) => int.Parse(text.Trim(), CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Task<ProcessResult> RunAsync(string script) => _tool.RunAsync("sh", ["-c", script], CancellationToken.None);

    private ProcessTool ToolWith(IDictionary inherited) =>
        new(new ProcessEnvironment(_folder.At("home"), inherited), "test-1/work.1/", _folder.Path, _folder.At("t"), TimeProvider.System);
}
