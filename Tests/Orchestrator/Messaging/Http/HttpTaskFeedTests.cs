using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Stack.Checks.Processes;
using Stack.Contracts;
using Stack.Messaging.Http;
using Stack.Tests.Agents;
using Stack.Tests.Agents.Runtime;

namespace Stack.Tests.Orchestrator.Messaging.Http;

public sealed class HttpTaskFeedTests : IAsyncLifetime, IDisposable
{
    private static readonly AgentRegistration Registration = new() { AgentId = new AgentId("test-0000abcd"), AgentType = "test", Version = "1.0.0" };

    private readonly InMemoryTaskFeed _inner = new();
    private readonly AgentToken _token = new();
    private readonly HttpClient _client = HttpTaskFeed.CreateClient();
    private readonly FeedServer _server;
    private HttpTaskFeed _feed = null!;

    public HttpTaskFeedTests() => _server = new FeedServer(_inner) { JoinToken = "join" };

    public async Task InitializeAsync()
    {
        await _server.StartAsync();
        _feed = Feed("join");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Register_WithTheJoinToken_UsesTheAgentsOwnTokenFromThenOn()
    {
        var registered = await _feed.RegisterAsync(Registration, CancellationToken.None);
        await _feed.ClaimAsync(Claim(waitMs: 0), CancellationToken.None);

        Assert.Equal("token-1", registered.Token);
        Assert.Equal("token-1", _token.Value);
        Assert.Equal(["Bearer join", "Bearer token-1"], _server.Requests.Select(request => request.Authorization));
    }

    [Fact]
    public async Task Register_WrongJoinToken_SaysWhichSettingToCorrect()
    {
        var feed = Feed("wrong");

        var exception = await Assert.ThrowsAsync<TaskFeedException>(() => feed.RegisterAsync(Registration, CancellationToken.None));

        Assert.Equal(HttpStatusCode.Unauthorized, exception.Status);
        Assert.False(exception.IsTransient);
        Assert.Equal(ProblemTypes.Unauthorized, exception.Problem?.Type);
        Assert.Contains("Stack:AgentToken", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Claim_TasksInTheQueue_ArriveWhole()
    {
        await _feed.RegisterAsync(Registration, CancellationToken.None);
        var task = Tasks.Of(with: """{"a":[1,2]}""") with { Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Priority = Priority.Critical };
        _inner.Enqueue(task);

        var claimed = Assert.Single(await _feed.ClaimAsync(Claim(), CancellationToken.None));

        Assert.Equal(task.TaskId, claimed.TaskId);
        Assert.Equal(task.Payload, claimed.Payload);
        Assert.Equal(task.Traceparent, claimed.Traceparent);
        Assert.Equal(task.Priority, claimed.Priority);
        Assert.Equal(task.WorkflowContext.Requirements, claimed.WorkflowContext.Requirements);
    }

    [Fact]
    public async Task Claim_TokenEnds_EndsTheLongPollAtOnce()
    {
        await _feed.RegisterAsync(Registration, CancellationToken.None);
        using var cancel = new CancellationTokenSource();
        var claim = _feed.ClaimAsync(Claim(waitMs: 60_000), cancel.Token);
        await Eventually.TrueAsync(() => _inner.Calls.Contains("claim"), "the poll is open");

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => claim.WaitAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task Heartbeat_CancelDuringTheLongPoll_ArrivesAtOnce()
    {
        await _feed.RegisterAsync(Registration, CancellationToken.None);
        var taskId = Tasks.Of().TaskId;
        var heartbeat = _feed.HeartbeatAsync(new AgentHeartbeat { AgentId = Registration.AgentId, Running = [taskId], WaitMs = 30_000 }, CancellationToken.None);
        await Eventually.TrueAsync(() => _inner.Heartbeats.Count == 1, "the poll is open");

        _inner.Cancel(Registration.AgentId, taskId);

        var reply = await heartbeat.WaitAsync(TimeSpan.FromSeconds(2));
        Assert.Equal((taskId, "canceled"), (Assert.Single(reply.Cancels).TaskId, reply.Cancels[0].Reason));
    }

    [Fact]
    public async Task Report_ManyResults_GetTheirReceiptsInOrder()
    {
        await _feed.RegisterAsync(Registration, CancellationToken.None);
        var results = Enumerable.Range(0, 500).Select(_ => Result(Tasks.Of().TaskId)).ToList();

        var receipts = await _feed.ReportAsync([.. results, results[0]], CancellationToken.None);

        Assert.Equal(results.Select(result => result.TaskId).Append(results[0].TaskId), receipts.Select(receipt => receipt.TaskId));
        Assert.Equal(500, receipts.Count(receipt => receipt.Status == ReceiptStatus.Accepted));
        Assert.Equal(ReceiptStatus.Duplicate, receipts[^1].Status);
        Assert.Equal(results[7].Outcome, _inner.Results[results[7].TaskId].Outcome);
    }

    [Fact]
    public async Task Report_OrchestratorRestartsMeanwhile_IsDeliveredAfterwards()
    {
        await _feed.RegisterAsync(Registration, CancellationToken.None);
        await _server.StopAsync();
        var result = Result(Tasks.Of().TaskId);
        var report = _feed.ReportAsync([result], CancellationToken.None);
        Assert.False(report.IsCompleted);

        // It has forgotten the token too.
        _server.Tokens.Clear();
        await _server.StartAsync();

        Assert.Equal(ReceiptStatus.Accepted, Assert.Single(await report.WaitAsync(TimeSpan.FromSeconds(20))).Status);
        Assert.Equal("token-2", _token.Value);
        Assert.Equal(2, _inner.Calls.Count(call => call == "register"));
    }

    [Fact]
    public async Task Claim_OrchestratorAway_SaysHowToStartIt()
    {
        await _feed.RegisterAsync(Registration, CancellationToken.None);
        await _server.StopAsync();

        var exception = await Assert.ThrowsAsync<TaskFeedException>(() => _feed.ClaimAsync(Claim(), CancellationToken.None));

        Assert.True(exception.IsTransient);
        Assert.Contains($"The orchestrator at {_server.Address} does not answer", exception.Message, StringComparison.Ordinal);
        Assert.Contains("dotnet run --project AppHost", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_LostByTheOrchestrator_SeveralCallsAtOnceRegisterOnce()
    {
        await _feed.RegisterAsync(Registration, CancellationToken.None);
        _server.Tokens.Clear();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _feed.ClaimAsync(Claim(waitMs: 0), CancellationToken.None)));

        Assert.Equal(2, _inner.Calls.Count(call => call == "register"));
    }

    [Fact]
    public async Task Claim_Refused_CarriesTheProblem()
    {
        await _feed.RegisterAsync(Registration, CancellationToken.None);
        _server.Before = async http =>
        {
            await FeedServer.ProblemAsync(http, 400, ProblemTypes.InvalidRequest, "max_tasks is 0; it must be 1 to 1000.");
            return true;
        };

        var exception = await Assert.ThrowsAsync<TaskFeedException>(() => _feed.ClaimAsync(Claim(), CancellationToken.None));

        Assert.Equal(ProblemTypes.InvalidRequest, exception.Problem!.Type);
        Assert.Contains("POST /api/v1/tasks/claim", exception.Message, StringComparison.Ordinal);
        Assert.Contains("max_tasks is 0; it must be 1 to 1000.", exception.Message, StringComparison.Ordinal);
        Assert.False(exception.IsTransient);
    }

    [Fact]
    public async Task Report_Overloaded_IsTriedAgainUntilItIsTaken()
    {
        await _feed.RegisterAsync(Registration, CancellationToken.None);
        var refusals = 0;
        _server.Before = async http =>
        {
            if (refusals == 3)
            {
                return false;
            }

            refusals++;
            await FeedServer.ProblemAsync(http, 503, ProblemTypes.Unavailable, "The store is away.");
            return true;
        };

        await _feed.ReportAsync([Result(Tasks.Of().TaskId)], CancellationToken.None);

        Assert.Equal(3, refusals);
        Assert.Single(_inner.Results);
    }

    [Fact]
    public async Task Call_ServerHangs_IsGivenUpAfterItsTime()
    {
        await _feed.RegisterAsync(Registration, CancellationToken.None);
        var feed = new HttpTaskFeed(
            _client, new HttpTaskFeedOptions { Address = _server.Address, CallTimeout = TimeSpan.FromMilliseconds(200) }, _token, TimeProvider.System, new Random(1), NullLogger<HttpTaskFeed>.Instance);
        _server.Before = async http =>
        {
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        };

        var exception = await Assert.ThrowsAsync<TaskFeedException>(() => feed.ClaimAsync(Claim(waitMs: 0), CancellationToken.None));

        Assert.True(exception.IsTransient);
        Assert.Contains("did not answer within 0.2 s", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_OneOfTwoIsGone_GoesToTheOther_AndHomeAgainLater()
    {
        var time = new Stack.Tests.Orchestrator.Engine.ManualTimeProvider();
        var gone = new Uri($"http://127.0.0.1:{FreePort.Next()}/");
        var addresses = new OrchestratorAddresses([gone, _server.Address], 0, time);
        var feed = new HttpTaskFeed(_client, new HttpTaskFeedOptions { Addresses = addresses, JoinToken = "join" }, _token, TimeProvider.System, new Random(1), NullLogger<HttpTaskFeed>.Instance);

        await feed.RegisterAsync(Registration, CancellationToken.None);
        Assert.Equal(_server.Address, addresses.Current);
        await feed.ReportAsync([Result(Tasks.Of().TaskId)], CancellationToken.None);
        Assert.Single(_inner.Results);

        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(gone, addresses.Current);
        var exception = await Assert.ThrowsAsync<TaskFeedException>(() => feed.ClaimAsync(Claim(waitMs: 0), CancellationToken.None));
        Assert.True(exception.IsTransient);
        Assert.Empty(await feed.ClaimAsync(Claim(waitMs: 0), CancellationToken.None));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(_server.Address, addresses.Current);
    }

    [Fact]
    public async Task Steps_FoundAndRecorded_TheFirstWriterWins()
    {
        await _feed.RegisterAsync(Registration, CancellationToken.None);
        var taskId = Tasks.Of().TaskId;
        var key = new StepKey(taskId.WorkflowId, taskId.Stage, "generate plan", new string('a', 64));

        Assert.Null(await _feed.FindStepAsync(key, CancellationToken.None));
        Assert.Equal("1", (await _feed.RecordStepAsync(taskId, key, JsonPayload.Parse("1"), CancellationToken.None))!.ToString());
        Assert.Equal("1", (await _feed.RecordStepAsync(taskId, key, JsonPayload.Parse("2"), CancellationToken.None))!.ToString());
        Assert.Equal("1", (await _feed.FindStepAsync(key, CancellationToken.None))!.ToString());

        await _feed.ReportAsync([Result(taskId)], CancellationToken.None);
        Assert.Null(await _feed.RecordStepAsync(taskId, key with { Name = "late" }, JsonPayload.Parse("3"), CancellationToken.None));
    }

    [Fact]
    public async Task Start_AttemptThatEnded_IsNotCurrent()
    {
        await _feed.RegisterAsync(Registration, CancellationToken.None);
        var taskId = Tasks.Of().TaskId;

        Assert.True(await _feed.StartAsync(taskId, Registration.AgentId, CancellationToken.None));
        await _feed.ReportAsync([Result(taskId)], CancellationToken.None);
        Assert.False(await _feed.StartAsync(taskId, Registration.AgentId, CancellationToken.None));
    }

    [Fact]
    public async Task Call_InsideAnActivity_CarriesTheTrace()
    {
        await _feed.RegisterAsync(Registration, CancellationToken.None);
        using var activity = new Activity("test").Start();

        await _feed.ReportStatusAsync([new StatusEnvelope { TaskId = Tasks.Of().TaskId, AgentId = Registration.AgentId, At = DateTimeOffset.UtcNow, Log = ["hello"] }], CancellationToken.None);

        Assert.Contains(activity.TraceId.ToString(), _server.Requests.Last().Traceparent, StringComparison.Ordinal);
        Assert.Equal("hello", Assert.Single(Assert.Single(_inner.Statuses).Log));
    }

    private static TaskClaim Claim(int waitMs = 5_000) => new() { AgentId = Registration.AgentId, AgentType = "test", MaxTasks = 10, WaitMs = waitMs };

    private static ResultEnvelope Result(TaskId taskId) => new()
    {
        TaskId = taskId,
        AgentId = Registration.AgentId,
        Outcome = new StageOutcome.Completed { Output = JsonPayload.Parse($$"""{"stage":"{{taskId.Stage}}"}""") },
    };

    private HttpTaskFeed Feed(string joinToken) =>
        new(_client, new HttpTaskFeedOptions { Address = _server.Address, JoinToken = joinToken }, _token, TimeProvider.System, new Random(1), NullLogger<HttpTaskFeed>.Instance);
}
