using Microsoft.Extensions.Logging.Abstractions;
using Stack.Agents.Deployment;
using Stack.Contracts;

namespace Stack.Tests.Agents.Deployment;

public sealed class DeploymentSupervisorTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new();
    private readonly List<Running> _supervisors = [];
    private ListedDeployments _list = null!;

    public async Task InitializeAsync() => _list = await ListedDeployments.StartAsync();

    public async Task DisposeAsync()
    {
        foreach (var supervisor in _supervisors)
        {
            await supervisor.DisposeAsync();
        }

        await _list.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Swap_NewReleaseIsHealthy_ReplacesTheOldOne()
    {
        var agent = Start();
        var first = await SwapAsync(agent, "1");
        var second = await SwapAsync(agent, "2");

        Assert.Equal("1", second.Before);
        Assert.Equal("2", await _http.GetStringAsync(_list["shop"].Url));
        Assert.Equal(("2", DesiredState.Running, DeploymentStatus.Running), (_list["shop"].Release, _list["shop"].Desired, _list["shop"].Status));
        Assert.False(Processes.IsAlive(first.Running!.Pid!.Value));
        Assert.Equal(_folder.At("shop/data"), await _http.GetStringAsync($"{_list["shop"].Url}data"));
    }

    [Theory]
    [InlineData("sick", "it did not answer at /health within 1 s")]
    [InlineData("dies", "it ended with exit code 3: cannot open the cash box")]
    public async Task Swap_NewReleaseIsNotHealthy_TheOldOneKeepsRunning(string behavior, string reason)
    {
        var agent = Start();
        await SwapAsync(agent, "1");

        var result = await SwapAsync(agent, "2", behavior, behavior is "sick" ? TimeSpan.FromSeconds(1) : Limit);

        Assert.Null(result.Running);
        Assert.Equal(("1", reason), (result.Before, result.Reason));
        Assert.Equal("1", await _http.GetStringAsync(_list["shop"].Url));
        Assert.Equal("1", _list["shop"].Release);
    }

    [Fact]
    public async Task Swap_OrchestratorDoesNotTakeIt_TheOldOneKeepsRunning()
    {
        var agent = Start();
        await SwapAsync(agent, "1");
        _list.IsAway = true;

        await Assert.ThrowsAsync<HttpRequestException>(() => SwapAsync(agent, "2"));

        Assert.Equal("1", await _http.GetStringAsync(_list["shop"].Url));
    }

    [Fact]
    public async Task RunOnce_StopIsWantedAndThenStart_FollowsAtTheSameAddress()
    {
        var agent = Start();
        var running = (await SwapAsync(agent, "1")).Running!;

        _list.Want("shop", DesiredState.Stopped);
        await agent.Supervisor.RunOnceAsync(CancellationToken.None);
        Assert.Equal((DeploymentStatus.Stopped, null), (_list["shop"].Status, _list["shop"].Pid));
        Assert.False(Processes.IsAlive(running.Pid!.Value));
        Assert.Equal(0, await agent.Supervisor.RunOnceAsync(CancellationToken.None));

        _list.Want("shop", DesiredState.Running);
        await UntilAsync(agent, () => _list["shop"].Status is DeploymentStatus.Running);
        Assert.Equal("1", await _http.GetStringAsync(_list["shop"].Url));
    }

    [Fact]
    public async Task RunOnce_ProgramCrashed_IsStartedAgainWithItsAddress()
    {
        var agent = Start();
        var running = (await SwapAsync(agent, "1")).Running!;
        // How a connection comes to its end that breaks in the middle is a matter of the moment.
        Assert.NotNull(await Record.ExceptionAsync(() => _http.GetStringAsync($"{running.Url}crash")));

        await UntilAsync(agent, () => _list["shop"].Status is DeploymentStatus.Failed);
        Assert.Contains("exit code 7", _list["shop"].Message, StringComparison.Ordinal);
        await UntilAsync(agent, () => _list["shop"].Status is DeploymentStatus.Running);

        Assert.Equal(running.Url, _list["shop"].Url);
        Assert.NotEqual(running.Pid, _list["shop"].Pid);
    }

    [Fact]
    public async Task RunOnce_NewAgentAfterTheOldOneEnded_StartsWhatShallRun()
    {
        var first = Start();
        var running = (await SwapAsync(first, "1")).Running!;
        await first.DisposeAsync();
        Assert.False(Processes.IsAlive(running.Pid!.Value));

        var second = Start();
        await UntilAsync(second, () => _list["shop"].Pid is { } pid && pid != running.Pid && _list["shop"].Status is DeploymentStatus.Running);

        Assert.Equal("1", await _http.GetStringAsync(running.Url));
    }

    [Fact]
    public async Task RunOnce_OrchestratorIsAway_WhatRunsKeepsRunningAndCrashesAreMended()
    {
        var agent = Start();
        var running = (await SwapAsync(agent, "1")).Running!;
        await agent.Supervisor.RunOnceAsync(CancellationToken.None);
        _list.IsAway = true;
        // How a connection comes to its end that breaks in the middle is a matter of the moment.
        Assert.NotNull(await Record.ExceptionAsync(() => _http.GetStringAsync($"{running.Url}crash")));

        await UntilAsync(agent, async () => await AnswersAsync(running.Url!));
        _list.IsAway = false;
        await UntilAsync(agent, () => _list["shop"].Pid != running.Pid && _list["shop"].Status is DeploymentStatus.Running);
    }

    [Fact]
    public async Task RunOnce_OrchestratorGoesAwayRightAfterASwap_TheNewReleaseStays()
    {
        var agent = Start();
        await agent.Supervisor.RunOnceAsync(CancellationToken.None);
        foreach (var release in new[] { "1", "2" })
        {
            _list.IsAway = false;
            var running = (await SwapAsync(agent, release)).Running!;
            _list.IsAway = true;

            Assert.Equal(0, await agent.Supervisor.RunOnceAsync(CancellationToken.None));

            Assert.Equal(release, await _http.GetStringAsync(running.Url));
        }
    }

    [Fact]
    public async Task RunOnce_NotListedAnyMore_IsStopped()
    {
        var agent = Start();
        var running = (await SwapAsync(agent, "1")).Running!;

        _list.Forget("shop");
        await agent.Supervisor.RunOnceAsync(CancellationToken.None);

        Assert.False(Processes.IsAlive(running.Pid!.Value));
    }

    [Fact]
    public async Task RunOnce_OtherMachinesDeployment_IsLeftAlone()
    {
        var agent = Start();
        await SwapAsync(agent, "1");
        var stranger = _list["shop"] with { Name = "stranger", Host = "elsewhere", Pid = null, Status = DeploymentStatus.Failed };
        await new Deployments(_list.Client).WriteAsync(stranger, CancellationToken.None);

        await agent.Supervisor.RunOnceAsync(CancellationToken.None);

        Assert.Null(_list["stranger"].Pid);
    }

    [Fact]
    public void IsInCharge_SecondProcess_IsNotUntilTheFirstEnds()
    {
        var first = Start();
        var second = Start();

        Assert.True(first.Supervisor.IsInCharge());
        Assert.False(second.Supervisor.IsInCharge());
        first.Supervisor.Dispose();
        Assert.True(second.Supervisor.IsInCharge());
    }

    private async Task<SwapResult> SwapAsync(Running agent, string release, string behavior = "well", TimeSpan? limit = null)
    {
        var directory = _folder.At($"shop/{release}");
        SampleServer.Write(directory, release, behavior);
        var result = await agent.Supervisor.SwapAsync(
            new DeploymentResource
            {
                Name = "shop",
                WorkflowId = WorkflowId.New(TimeProvider.System),
                Release = release,
                Host = "here",
                Directory = directory,
                Command = ["dotnet", "server.dll"],
                HealthPath = "/health",
                UpdatedAt = DateTimeOffset.UtcNow,
            },
            limit ?? Limit,
            CancellationToken.None);
        Assert.True(result.Running is not null || behavior is not "well", $"{result.Reason} {result.Output}");
        return result;
    }

    private async Task<bool> AnswersAsync(string url)
    {
        try
        {
            return await _http.GetStringAsync(url) is "1";
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static Task UntilAsync(Running agent, Func<bool> condition) => UntilAsync(agent, () => Task.FromResult(condition()));

    private static async Task UntilAsync(Running agent, Func<Task<bool>> condition)
    {
        var limit = DateTimeOffset.UtcNow + Limit + Limit;
        while (!await condition())
        {
            Assert.True(DateTimeOffset.UtcNow < limit, "It did not happen in time.");
            await agent.Supervisor.RunOnceAsync(CancellationToken.None);
            await Task.Delay(50);
        }
    }

    private Running Start()
    {
        var processes = new ProcessTool(
            new ProcessEnvironment(_folder.At("home"), Environment.GetEnvironmentVariables()), $"{Guid.CreateVersion7():n}/deployments/", _folder.Path, _folder.At("t"), TimeProvider.System);
        var supervisor = new DeploymentSupervisor(new DeploymentRoot(_folder.Path, "here"), new Deployments(_list.Client), processes, _http, TimeProvider.System, NullLogger<DeploymentSupervisor>.Instance);
        var running = new Running(supervisor, processes);
        _supervisors.Add(running);
        return running;
    }

    private sealed record Running(DeploymentSupervisor Supervisor, ProcessTool Processes) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Processes.DisposeAsync();
            Supervisor.Dispose();
        }
    }
}
