using System.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Stack.Agents.Runtime;
using Stack.Contracts;
using Stack.Messaging.Http;

namespace Stack.Tests.Agents.Runtime;

public sealed class AgentWorkerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryTaskFeed _feed = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Start_Agent_RegistersWithTypeVersionAndResources()
    {
        await using var host = await AgentHostFixture.StartAsync(ScriptedAgent.Of(_ => new StageOutcome.Completed()), _folder, _feed);
        await Eventually.TrueAsync(() => _feed.Agents.ContainsKey(host.Id), "the agent registers");

        var registration = _feed.Agents[host.Id];
        Assert.Matches("^test-[0-9a-f]{8}$", registration.AgentId.Value);
        Assert.Equal("test", registration.AgentType);
        Assert.Equal("0.1.0", registration.Version);
        Assert.Equal(4, registration.MaxConcurrency);
        Assert.Equal(Environment.ProcessorCount, registration.Resources.CpuCores);
        Assert.True(registration.Resources.MemoryMb > 100);
        Assert.Equal(HealthStatus.Healthy, (await host.Checks.CheckHealthAsync()).Status);
    }

    [Fact]
    public async Task Task_Completed_ReportsOutputArtifactsWarningsAndUsage()
    {
        var agent = new ScriptedAgent(async (context, token) =>
        {
            await context.Processes.RunAsync("true", [], token);
            context.AddArtifact(new Artifact { Name = "report", Path = "report.json" });
            context.AddWarning("nothing was tested");
            context.AddUsage(new Usage { PromptTokens = 7, CompletionTokens = 3, ApiCalls = 1 });
            return new StageOutcome.Completed { Output = JsonPayload.Parse("""{"files":3}""") };
        });
        await using var host = await AgentHostFixture.StartAsync(agent, _folder, _feed);
        var task = Tasks.Of() with { Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
        _feed.Enqueue(task);

        var result = await _feed.ResultOfAsync(task);

        Assert.Equal("""{"files":3}""", Assert.IsType<StageOutcome.Completed>(result.Outcome).Output!.ToString());
        Assert.Equal(host.Id, result.AgentId);
        Assert.Equal("report.json", Assert.Single(result.Artifacts).Path);
        Assert.Equal("nothing was tested", Assert.Single(result.Warnings));
        Assert.Equal(10, result.Usage.TotalTokens);
        Assert.Equal(1, result.Usage.ApiCalls);
        Assert.Contains("0af7651916cd43dd8448eb211c80319c", result.Traceparent, StringComparison.Ordinal);
        Assert.NotNull(result.StartedAt);
    }

    [Fact]
    public async Task Task_Traced_ContinuesTheTraceAsConsumer()
    {
        var activities = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == AgentTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => { lock (activities) { activities.Add(activity); } },
        };
        ActivitySource.AddActivityListener(listener);
        await using var host = await AgentHostFixture.StartAsync(ScriptedAgent.Of(_ => new StageOutcome.Completed()), _folder, _feed);
        var task = Tasks.Of() with { Traceparent = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
        _feed.Enqueue(task);

        var result = await _feed.ResultOfAsync(task);
        await Eventually.TrueAsync(() => { lock (activities) { return activities.Exists(each => each.Id == result.Traceparent); } }, "the attempt's activity ends");

        lock (activities)
        {
            var activity = activities.Single(each => each.Id == result.Traceparent);
            Assert.Equal(ActivityKind.Consumer, activity.Kind);
            Assert.Equal("1af7651916cd43dd8448eb211c80319c", activity.TraceId.ToString());
            Assert.Equal("b7ad6b7169203331", activity.ParentSpanId.ToString());
        }
    }

    [Fact]
    public async Task Task_AgentThrows_FailsAsUnproductiveWithDetails()
    {
        await using var host = await AgentHostFixture.StartAsync(ScriptedAgent.Of(_ => throw new InvalidOperationException("no such luck")), _folder, _feed);
        var task = Tasks.Of();
        _feed.Enqueue(task);

        var error = Assert.IsType<StageOutcome.Failed>((await _feed.ResultOfAsync(task)).Outcome).Error;

        Assert.Equal("agent_error", error.Code);
        Assert.Equal(FailureClass.Unproductive, error.Class);
        Assert.Contains("no such luck", error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(AgentWorkerTests), error.Details, StringComparison.Ordinal);
        Assert.Equal(1, host.Health.Errors);
    }

    [Fact]
    public async Task Task_PayloadDoesNotFit_NamesThePath()
    {
        await using var host = await AgentHostFixture.StartAsync(ScriptedAgent.Of(context => { context.With<Stack.Agents.Noop.NoopAgent.NoopOptions>(); return new StageOutcome.Completed(); }), _folder, _feed);
        var task = Tasks.Of(with: """{"sleep_ms":"long"}""");
        _feed.Enqueue(task);

        var error = Assert.IsType<StageOutcome.Failed>((await _feed.ResultOfAsync(task)).Outcome).Error;

        Assert.Equal("with_invalid", error.Code);
        Assert.Contains("$.sleep_ms", error.SuggestedAction, StringComparison.Ordinal);
        Assert.Equal(0, host.Health.Errors);
    }

    [Fact]
    public async Task Task_OfAnotherMajorVersion_IsRefusedForGood()
    {
        await using var host = await AgentHostFixture.StartAsync(ScriptedAgent.Of(_ => new StageOutcome.Completed()), _folder, _feed);
        var task = Tasks.Of() with { EnvelopeVersion = "2.0.0" };
        _feed.Enqueue(task);

        var error = Assert.IsType<StageOutcome.Failed>((await _feed.ResultOfAsync(task)).Outcome).Error;

        Assert.Equal("envelope_version_unknown", error.Code);
        Assert.False(error.Retryable);
    }

    [Fact]
    public async Task Cancel_RunningAttempt_EndsItsProcessesWithin2SecondsAndReportsNothing()
    {
        var pid = 0;
        var agent = new ScriptedAgent(async (context, token) =>
        {
            await context.Processes.RunAsync(
                new ProcessRequest { Program = "sh", Arguments = ["-c", "sleep 300 & echo $!; wait"], OnLine = line => pid = int.Parse(line, null) }, token);
            return new StageOutcome.Completed();
        });
        _feed.HeartbeatIntervalMs = 10_000;
        await using var host = await AgentHostFixture.StartAsync(agent, _folder, _feed);
        var task = Tasks.Of();
        _feed.Enqueue(task);
        await Eventually.TrueAsync(() => pid > 0, "the process starts");

        _feed.Cancel(host.Id, task.TaskId);

        await Eventually.TrueAsync(() => !Processes.IsAlive(pid), "the child process ends", seconds: 2);
        await Eventually.TrueAsync(() => host.Health.Processed == 1, "the attempt ends", seconds: 2);
        Assert.Empty(_feed.Results);
    }

    [Fact]
    public async Task Cancel_AgentIgnoresIt_TheSlotIsFreedAllTheSame()
    {
        var release = new TaskCompletionSource();
        var agent = new ScriptedAgent(async (_, _) =>
        {
            await release.Task;
            return new StageOutcome.Completed();
        });
        await using var host = await AgentHostFixture.StartAsync(agent, _folder, _feed);
        var task = Tasks.Of();
        _feed.Enqueue(task);
        await Eventually.TrueAsync(() => _feed.Claimed == 1, "the task is claimed");

        _feed.Cancel(host.Id, task.TaskId);

        await Eventually.TrueAsync(() => host.Health.Processed == 1, "the attempt is given up", seconds: 6);
        release.SetResult();
        Assert.Empty(_feed.Results);
    }

    [Fact]
    public async Task Deadline_Passed_FailsAsTimeout()
    {
        var agent = new ScriptedAgent(async (_, token) =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return new StageOutcome.Completed();
        });
        await using var host = await AgentHostFixture.StartAsync(agent, _folder, _feed);
        var task = Tasks.Of(timeout: TimeSpan.FromMilliseconds(300));
        _feed.Enqueue(task);

        var error = Assert.IsType<StageOutcome.Failed>((await _feed.ResultOfAsync(task, seconds: 5)).Outcome).Error;

        Assert.Equal("deadline_passed", error.Code);
        Assert.Equal(ErrorCategory.Timeout, error.Category);
    }

    [Fact]
    public async Task Deadline_PassedByTheAgentsDateOnly_IsNotPassed()
    {
        var agent = new ScriptedAgent((_, token) => Task.FromResult<StageOutcome>(token.IsCancellationRequested ? new StageOutcome.Canceled() : new StageOutcome.Completed()));
        await using var host = await AgentHostFixture.StartAsync(agent, _folder, _feed);
        var now = Tasks.Of();
        var task = now with { CreatedAt = now.CreatedAt.AddHours(-5), Deadline = now.Deadline.AddHours(-5) };
        _feed.Enqueue(task);

        Assert.IsType<StageOutcome.Completed>((await _feed.ResultOfAsync(task)).Outcome);
    }

    [Fact]
    public async Task Stop_AttemptEndsWithinTheGrace_IsReportedAndTheAgentLeaves()
    {
        var started = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        var agent = new ScriptedAgent(async (_, _) =>
        {
            started.SetResult();
            await release.Task;
            return new StageOutcome.Completed();
        });
        await using var host = await AgentHostFixture.StartAsync(agent, _folder, _feed, ("Agent:DrainGrace", "00:00:10"));
        var id = host.Id;
        var task = Tasks.Of();
        _feed.Enqueue(task);
        await started.Task;

        var stop = host.StopAsync();
        release.SetResult();
        await stop;

        Assert.IsType<StageOutcome.Completed>(_feed.Results[task.TaskId].Outcome);
        Assert.Contains(id, _feed.Gone);
    }

    [Fact]
    public async Task Stop_AttemptTakesLonger_IsHandedBackAndNothingIsLeft()
    {
        var pid = 0;
        var agent = new ScriptedAgent(async (context, token) =>
        {
            await context.Processes.RunAsync(new ProcessRequest { Program = "sh", Arguments = ["-c", "echo $$; exec sleep 300"], OnLine = line => pid = int.Parse(line, null) }, token);
            return new StageOutcome.Completed();
        });
        await using var host = await AgentHostFixture.StartAsync(agent, _folder, _feed);
        var (id, workRoot) = (host.Id, host.WorkRoot);
        var task = Tasks.Of();
        _feed.Enqueue(task);
        await Eventually.TrueAsync(() => pid > 0, "the process starts");

        await host.StopAsync();

        Assert.IsType<StageOutcome.Canceled>(_feed.Results[task.TaskId].Outcome);
        Assert.False(Processes.IsAlive(pid));
        Assert.False(Directory.Exists(workRoot));
        Assert.Equal(["result " + task.TaskId, "deregister"], _feed.Calls.Where(call => call.StartsWith("result ", StringComparison.Ordinal) || call == "deregister"));
        Assert.Contains(id, _feed.Gone);
    }

    [Fact]
    public async Task Restart_ResultNotDelivered_TheNextProcessDeliversItUnderTheSameIdentity()
    {
        var task = Tasks.Of();
        AgentId id;
        var agent = ScriptedAgent.Of(_ => new StageOutcome.Completed { Output = JsonPayload.Parse("""{"kept":true}""") });
        _feed.Refuse = _ => new TaskFeedException("away", isTransient: true);
        await using (var first = await AgentHostFixture.StartAsync(agent, _folder, _feed))
        {
            id = first.Id;
            _feed.Enqueue(task);
            await Eventually.TrueAsync(() => first.Health.Processed == 1, "the attempt ends");
        }

        Assert.Empty(_feed.Results);
        _feed.Refuse = null;
        await using var second = await AgentHostFixture.StartAsync(agent, _folder, _feed);

        var result = await _feed.ResultOfAsync(task);
        Assert.Equal(id, second.Id);
        Assert.Equal(id, result.AgentId);
        Assert.Equal("""{"kept":true}""", Assert.IsType<StageOutcome.Completed>(result.Outcome).Output!.ToString());
        await Eventually.TrueAsync(() => Directory.GetFiles(_folder.Path, "*.json", SearchOption.AllDirectories).Length == 0, "the kept file is removed");
    }

    [Fact]
    public async Task Start_TwoProcesses_HaveTwoIdentities()
    {
        var agent = ScriptedAgent.Of(_ => new StageOutcome.Completed());
        await using var first = await AgentHostFixture.StartAsync(agent, _folder, _feed);
        await using var second = await AgentHostFixture.StartAsync(agent, _folder, _feed);

        await Eventually.TrueAsync(() => _feed.Agents.Count == 2, "both register");
        Assert.NotEqual(first.Id, second.Id);
    }

    [Fact]
    public async Task Orchestrator_GoesAndComesBack_TheAgentWorksOn()
    {
        await using var host = await AgentHostFixture.StartAsync(ScriptedAgent.Of(_ => new StageOutcome.Completed()), _folder, _feed);
        await Eventually.TrueAsync(() => _feed.Agents.Count == 1, "it registers");
        _feed.IsAway = true;
        _feed.Agents.Clear();
        _feed.Enqueue();
        await Eventually.TrueAsync(() => host.Checks.CheckHealthAsync().GetAwaiter().GetResult().Status == HealthStatus.Degraded, "the health check notices");

        _feed.IsAway = false;
        var task = Tasks.Of();
        _feed.Enqueue(task);

        await _feed.ResultOfAsync(task);
        await Eventually.TrueAsync(() => _feed.Agents.ContainsKey(host.Id), "it registers again");
    }

    [Fact]
    public async Task Errors_MoreThanTen_MakeTheAgentUnhealthy()
    {
        await using var host = await AgentHostFixture.StartAsync(ScriptedAgent.Of(_ => throw new InvalidOperationException("again")), _folder, _feed);
        _feed.Enqueue(Enumerable.Range(0, 6).Select(_ => Tasks.Of()));
        await Eventually.TrueAsync(() => host.Health.Health == AgentHealth.Degraded, "six errors degrade it");
        _feed.Enqueue(Enumerable.Range(0, 5).Select(_ => Tasks.Of()));

        await Eventually.TrueAsync(() => host.Health.Health == AgentHealth.Unhealthy, "eleven make it unhealthy");
        await Eventually.TrueAsync(() => _feed.Heartbeats.Any(beat => beat is { Health: AgentHealth.Unhealthy, Errors: 11 }), "the heartbeat says so");
    }

    [Fact]
    public async Task Log_OfAnAttempt_ArrivesWholeInOrderAndBeforeTheResult()
    {
        var agent = ScriptedAgent.Of(context =>
        {
            context.Report(50, "half way");
            for (var line = 0; line < 450; line++)
            {
                context.Log($"line {line}");
            }

            return new StageOutcome.Completed();
        });
        await using var host = await AgentHostFixture.StartAsync(agent, _folder, _feed);
        var task = Tasks.Of();
        _feed.Enqueue(task);
        await _feed.ResultOfAsync(task);

        Assert.Equal(Enumerable.Range(0, 450).Select(line => $"line {line}"), _feed.Statuses.SelectMany(status => status.Log));
        Assert.All(_feed.Statuses, status => Assert.True(status.Log.Count <= 200));
        Assert.Equal(50, Assert.Single(_feed.Statuses, status => status.Message == "half way").ProgressPercent);
        Assert.Equal($"result {task.TaskId}", _feed.Calls.Last(call => call.StartsWith("result", StringComparison.Ordinal) || call == "statuses"));
    }

    [Fact]
    public async Task Step_MadeBefore_IsTakenFromTheJournal()
    {
        var made = 0;
        var agent = new ScriptedAgent(async (context, token) =>
        {
            var value = await context.StepAsync("generate", new { prompt = "p" }, _ => Task.FromResult(Interlocked.Increment(ref made)), token);
            return new StageOutcome.Completed { Output = JsonPayload.From(value) };
        });
        await using var host = await AgentHostFixture.StartAsync(agent, _folder, _feed);
        var first = Tasks.Of();
        var second = first with { TaskId = first.TaskId with { Attempt = 2 } };
        _feed.Enqueue(first);
        await _feed.ResultOfAsync(first);
        _feed.Enqueue(second);

        Assert.Equal("1", Assert.IsType<StageOutcome.Completed>((await _feed.ResultOfAsync(second)).Outcome).Output!.ToString());
        Assert.Equal(1, made);
    }

    [Fact]
    public async Task Result_RefusedForGood_FailsThatAttemptAndNoOther()
    {
        var poison = Tasks.Of();
        _feed.Refuse = results => results.Any(result => result.TaskId == poison.TaskId && result.Outcome is StageOutcome.Completed) ? new TaskFeedException("too large", isTransient: false) : null;
        await using var host = await AgentHostFixture.StartAsync(ScriptedAgent.Of(_ => new StageOutcome.Completed()), _folder, _feed);
        var others = Enumerable.Range(0, 5).Select(_ => Tasks.Of()).ToList();
        _feed.Enqueue([.. others.Take(2), poison, .. others.Skip(2)]);

        Assert.Equal("result_refused", Assert.IsType<StageOutcome.Failed>((await _feed.ResultOfAsync(poison)).Outcome).Error.Code);
        foreach (var other in others)
        {
            Assert.IsType<StageOutcome.Completed>((await _feed.ResultOfAsync(other)).Outcome);
        }
    }
}
