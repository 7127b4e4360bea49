using System.Diagnostics;
using System.Net;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api;

[Collection(OrchestratorCollection.Name)]
public sealed class WorkflowCommandsTests(OrchestratorFixture fixture)
{
    private OrchestratorHost Host => fixture.Host;

    [Fact]
    public async Task Cancel_AgentAtWork_HearsItWithinTwoSecondsAndItsResultIsStale()
    {
        var definition = await Host.DefineAsync(2);
        await using var agent = await TestAgent.RegisterAsync(Host, definition);
        var workflow = await Host.SubmitAsync(definition);
        var task = await agent.ClaimOneAsync();
        var heartbeat = agent.BeatAsync(20_000, task.TaskId);

        var watch = Stopwatch.StartNew();
        var canceled = await PostAsync(workflow.Id, "cancel", """{"reason":"not needed"}""").ValueAsync<WorkflowResource>();
        var cancel = Assert.Single((await heartbeat).Cancels);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"{watch.Elapsed}");

        Assert.Equal((task.TaskId, "canceled"), (cancel.TaskId, cancel.Reason));
        Assert.Equal((WorkflowStatus.Canceled, "CANCELED"), (canceled.Status, canceled.State));
        Assert.Contains("not needed", canceled.Reason, StringComparison.Ordinal);
        Assert.Equal(ReceiptStatus.Stale, (await agent.CompleteAsync(task.TaskId)).Status);
    }

    [Fact]
    public async Task Cancel_Twice_AnswersTheSame()
    {
        var workflow = await Host.SubmitAsync(await Host.DefineAsync(1));
        var first = await PostAsync(workflow.Id, "cancel").ValueAsync<WorkflowResource>();
        var second = await PostAsync(workflow.Id, "cancel").ValueAsync<WorkflowResource>();
        Assert.Equal(first.Version, second.Version);
    }

    [Fact]
    public async Task Pause_ThenResume_GivesOutNothingBetween()
    {
        var definition = await Host.DefineAsync(1);
        await using var agent = await TestAgent.RegisterAsync(Host, definition);
        var workflow = await Host.SubmitAsync(definition);
        var paused = await PostAsync(workflow.Id, "pause").ValueAsync<WorkflowResource>();
        Assert.Equal((WorkflowStatus.Paused, "It is paused: paused by local"), (paused.Status, paused.Reason));
        Assert.Empty(await agent.ClaimAsync(waitMs: 0));

        Assert.Equal(WorkflowStatus.Running, (await PostAsync(workflow.Id, "resume").ValueAsync<WorkflowResource>()).Status);
        await agent.CompleteAsync((await agent.ClaimOneAsync()).TaskId);
        Assert.Equal(WorkflowStatus.Completed, (await Host.ShowAsync(workflow.Id)).Status);
    }

    [Fact]
    public async Task Retry_FromAStage_RunsItAgainWithARisingNumber()
    {
        var definition = await Host.DefineAsync(2);
        await using var agent = await TestAgent.RegisterAsync(Host, definition);
        var workflow = await Host.SubmitAsync(definition);
        await agent.CompleteAsync((await agent.ClaimOneAsync()).TaskId);
        await agent.FailAsync((await agent.ClaimOneAsync()).TaskId);
        var failed = await Host.ShowAsync(workflow.Id);
        Assert.Equal((WorkflowStatus.Failed, "broken"), (failed.Status, failed.Error!.Code));

        Assert.Equal(WorkflowStatus.Running, (await PostAsync(workflow.Id, "retry", """{"from_stage":"s1"}""").ValueAsync<WorkflowResource>()).Status);
        var again = await agent.ClaimOneAsync();
        Assert.Equal(("s1", 2), (again.TaskId.Stage, again.TaskId.Attempt));
        await agent.CompleteAsync(again.TaskId);
        await agent.CompleteAsync((await agent.ClaimOneAsync()).TaskId);
        Assert.Equal(WorkflowStatus.Completed, (await Host.ShowAsync(workflow.Id)).Status);
    }

    [Fact]
    public async Task Retry_UnknownStageOrRunningWorkflow_IsRefusedWithTheReason()
    {
        var workflow = await Host.SubmitAsync(await Host.DefineAsync(1));
        var running = await PostAsync(workflow.Id, "retry").ProblemAsync(HttpStatusCode.Conflict, ProblemTypes.Conflict);
        Assert.NotEmpty(running.Detail!);
        await PostAsync(workflow.Id, "cancel").ValueAsync<WorkflowResource>();
        var unknown = await PostAsync(workflow.Id, "retry", """{"from_stage":"nope"}""").ProblemAsync(HttpStatusCode.Conflict, ProblemTypes.Conflict);
        Assert.Contains("nope", unknown.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Approve_WaitingStage_GoesOnWithTheDecision()
    {
        var definition = await Host.DefineAsync(1, "\n    approval: {prompt: Shall it?}");
        await using var agent = await TestAgent.RegisterAsync(Host, definition);
        var workflow = await Host.SubmitAsync(definition);
        var waiting = await Host.ShowAsync(workflow.Id);
        Assert.Equal((WorkflowStatus.Waiting, StageStatus.AwaitingApproval, "Shall it?"), (waiting.Status, waiting.Stages![0].Status, waiting.Stages[0].ApprovalPrompt));
        Assert.Equal("Stage 's1' waits for approval: Shall it?", waiting.Reason);

        var approved = await PostAsync(workflow.Id, "stages/s1/approve", $$"""{"comment":"go","version":{{waiting.Version}}}""").ValueAsync<WorkflowResource>();
        Assert.Equal(WorkflowStatus.Running, approved.Status);
        var task = await agent.ClaimOneAsync();
        Assert.Equal((true, "local", "go"), (task.Approval!.Approved, task.Approval.DecidedBy, task.Approval.Comment));
        await PostAsync(workflow.Id, "stages/s1/approve").ProblemAsync(HttpStatusCode.Conflict, ProblemTypes.Conflict);
    }

    [Fact]
    public async Task Reject_WaitingStage_FailsTheWorkflow()
    {
        var workflow = await Host.SubmitAsync(await Host.DefineAsync(1, "\n    approval: true"));
        var rejected = await PostAsync(workflow.Id, "stages/s1/reject", """{"comment":"no"}""").ValueAsync<WorkflowResource>();
        Assert.Equal((WorkflowStatus.Failed, StageStatus.Failed), (rejected.Status, rejected.Stages![0].Status));
    }

    [Theory]
    [InlineData("cancel")]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("retry")]
    [InlineData("stages/s1/approve")]
    public async Task Command_UnknownId_Answers404(string command)
    {
        var id = WorkflowId.New(TimeProvider.System);
        var problem = await PostAsync(id, command).ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        Assert.StartsWith($"There is no workflow '{id}'.", problem.Detail, StringComparison.Ordinal);
    }

    private Task<HttpResponseMessage> PostAsync(WorkflowId id, string command, string? body = null) =>
        Host.Client.PostAsync($"/api/v1/workflows/{id}/{command}", body is null ? null : Answers.Json(body));
}
