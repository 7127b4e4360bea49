using System.Text.Json;
using Stack.Cli;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Cli;

public sealed class ApprovalTests : IAsyncLifetime
{
    private ScriptedOrchestrator _orchestrator = null!;

    public async Task InitializeAsync()
    {
        _orchestrator = await ScriptedOrchestrator.StartAsync();
        _orchestrator.OnAction = (action, workflow) =>
        {
            var type = action.StartsWith("approve", StringComparison.Ordinal) ? "completed" : "failed";
            _orchestrator.Append(workflow.Id, $"workflow.{type}");
            return workflow with { Status = type == "completed" ? WorkflowStatus.Completed : WorkflowStatus.Failed, Stages = [] };
        };
    }

    public async Task DisposeAsync() => await _orchestrator.DisposeAsync();

    [Fact]
    public async Task Follow_WaitsAndNobodyIsThere_PrintsTheCommandsAndReturnsThree()
    {
        Wait();

        var outcome = await StackCommand.RunAsync(_orchestrator, "follow", "last");

        Assert.Equal(ExitCode.Waiting, outcome.Code);
        Assert.Contains("deployment waits for approval: May deployment start?", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("stack approve 0199c2a4-1111 deployment", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("stack reject 0199c2a4-1111 deployment", outcome.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\n", 0, "approve")]
    [InlineData("what?\nyes\n", 0, "approve")]
    [InlineData("r\n", 1, "reject")]
    [InlineData("l\n", 3, null)]
    [InlineData("", 3, null)]
    public async Task Follow_WaitsAndAPersonIsThere_DoesWhatThePersonSays(string answer, int code, string? decision)
    {
        Wait();

        var outcome = await new StackCommand { IsTerminal = true, Input = answer }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "follow", "last");

        Assert.Equal((ExitCode)code, outcome.Code);
        Assert.Contains("May deployment start?", outcome.Out, StringComparison.Ordinal);
        Assert.Equal(decision is not null, _orchestrator.Requests.Any(request => request.Path.EndsWith($"/stages/deployment/{decision}", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Follow_Json_NeverAsks()
    {
        Wait();

        var outcome = await new StackCommand { IsTerminal = true, Input = "a\n" }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "follow", "last", "--json");

        Assert.Equal(ExitCode.Waiting, outcome.Code);
        Assert.Single(outcome.Lines);
    }

    [Theory]
    [InlineData("approve")]
    [InlineData("reject")]
    public async Task Decide_OneStageWaits_ItNeedNotBeNamedAndTheSeenVersionIsSent(string decision)
    {
        Wait();

        var outcome = await StackCommand.RunAsync(_orchestrator, decision, "@", "--comment", "because");

        Assert.Equal(ExitCode.Completed, outcome.Code);
        var request = Assert.Single(_orchestrator.Requests, request => request.Method == "POST");
        Assert.EndsWith($"/stages/deployment/{decision}", request.Path, StringComparison.Ordinal);
        Assert.Equal(new DecisionRequest { Comment = "because", Version = 7 }, JsonSerializer.Deserialize<DecisionRequest>(request.Body, StackJson.Options));
    }

    [Fact]
    public async Task Approve_SeveralStagesWait_AsksForAName()
    {
        _orchestrator.Put(Scripts.Waiting(stages: ["deployment", "publication"]));

        var outcome = await StackCommand.RunAsync(_orchestrator, "approve", "last");

        Assert.Equal(ExitCode.Usage, outcome.Code);
        Assert.Contains("deployment, publication", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Approve_NothingWaits_SaysWhereTheWorkflowStands()
    {
        _orchestrator.Put(Scripts.Workflow());

        var outcome = await StackCommand.RunAsync(_orchestrator, "approve", "last");

        Assert.Equal(ExitCode.Usage, outcome.Code);
        Assert.Contains("the workflow is running", outcome.Error, StringComparison.Ordinal);
    }

    private void Wait()
    {
        var workflow = Scripts.Waiting();
        _orchestrator.Put(workflow);
        _orchestrator.Append(workflow.Id, "stage.awaiting_approval", "deployment", data: new { prompt = "May deployment start?" });
    }
}
