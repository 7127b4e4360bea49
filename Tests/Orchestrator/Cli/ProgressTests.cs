using System.Text.Json;
using Stack.Cli;
using Stack.Contracts;
using Stack.Tests.ServiceDefaults;

namespace Stack.Tests.Orchestrator.Cli;

public sealed class ProgressTests : IAsyncLifetime
{
    private ScriptedOrchestrator _orchestrator = null!;

    public async Task InitializeAsync() => _orchestrator = await ScriptedOrchestrator.StartAsync();

    public async Task DisposeAsync() => await _orchestrator.DisposeAsync();

    [Theory]
    [InlineData(WorkflowStatus.Completed, 0)]
    [InlineData(WorkflowStatus.Failed, 1)]
    [InlineData(WorkflowStatus.Canceled, 1)]
    [InlineData(WorkflowStatus.Exhausted, 2)]
    public async Task Run_WorkflowEnds_ExitCodeSaysHow(WorkflowStatus end, int code)
    {
        ScriptRun(end);

        var outcome = await StackCommand.RunAsync(_orchestrator, "run", "A calculator");

        Assert.Equal((ExitCode)code, outcome.Code);
        Assert.Contains($"calculator {Words.Of(end)} after 41 s (1 of 2 stages)", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OutputIsPiped_LinesArePlainAndEveryEventIsThereOnce()
    {
        var workflow = ScriptRun(WorkflowStatus.Failed);

        var outcome = await StackCommand.RunAsync(_orchestrator, "run", "A calculator");

        Assert.DoesNotContain('\e', outcome.Out);
        Assert.Equal($"Workflow {workflow.Id} calculator (app)", outcome.Lines[0]);
        Assert.Equal(
            [
                "workflow submitted",
                "scaffolding#1 waits for an agent",
                "scaffolding#1 started: scaffold-00000001",
                "scaffolding#1 completed: commit 01234567",
                "validation#1 dotnet build (iteration 2, 40 %)",
                "validation#1 failed and is tried again: 3 tests failed",
                "workflow failed: so it is",
            ],
            outcome.Lines[1..8].Select(line => line["12:00:00 ".Length..]));
        Assert.Contains("stack logs 0199c2a4-1111", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("stack retry 0199c2a4-1111", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Completed_SaysWhereTheProgramAnswersAndWhereTheFilesAre()
    {
        var workflow = ScriptRun(WorkflowStatus.Completed);
        _orchestrator.Deployments.Add(Scripts.Deployment(workflow.Id));

        var outcome = await StackCommand.RunAsync(_orchestrator, "run", "A calculator");

        Assert.Contains("Running at  http://127.0.0.1:40123", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("stack files 0199c2a4-1111 -o calculator", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("stack deployments stop calculator", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Json_EveryLineIsAnEventAndNothingElseIsPrinted()
    {
        ScriptRun(WorkflowStatus.Completed);

        var outcome = await StackCommand.RunAsync(_orchestrator, "run", "A calculator", "--json");

        var events = outcome.Lines.Select(line => JsonSerializer.Deserialize<EventResource>(line, StackJson.Options)!).ToArray();
        Assert.Equal(Enumerable.Range(1, 9).Select(id => (long)id), events.Select(happened => happened.Id));
        Assert.Equal("workflow.completed", events[^1].Type);
        Assert.Empty(outcome.Error);
        Assert.Equal(ExitCode.Completed, outcome.Code);
    }

    [Fact]
    public async Task Run_OnATerminal_ShowsTheStagesInPlaceAndTheSummaryAfterwards()
    {
        var workflow = ScriptRun(WorkflowStatus.Completed);
        _orchestrator.Deployments.Add(Scripts.Deployment(workflow.Id));

        var outcome = await new StackCommand { IsTerminal = true }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "run", "A calculator");

        Assert.Equal(ExitCode.Completed, outcome.Code);
        Assert.Contains("\e[", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("scaffolding", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("100 %", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("\e[?25h", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:40123", outcome.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(40)]
    public async Task Show_MessageIsLongerThanTheTerminal_EveryStageKeepsToOneLine(int width)
    {
        var workflow = Scripts.Workflow();
        _orchestrator.Put(workflow with { Stages = [workflow.Stages![1] with { Message = new string('m', 300) }] });

        var outcome = await new StackCommand { IsTerminal = true, Width = width }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "show", "last");

        Assert.Single(outcome.Lines, line => line.Contains("mmm", StringComparison.Ordinal));
        Assert.Contains("m…", outcome.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CI", "true")]
    [InlineData("NO_COLOR", "1")]
    [InlineData("TERM", "dumb")]
    public async Task Run_TerminalThatShallNotBeRewritten_LinesArePlain(string variable, string value)
    {
        ScriptRun(WorkflowStatus.Completed);
        var command = new StackCommand { IsTerminal = true, Variables = { [variable] = value } };

        var outcome = await command.InvokeAsync(_orchestrator.Address, CancellationToken.None, "run", "A calculator");

        Assert.DoesNotContain("\e[?25l", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("scaffolding#1 completed", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_TriedAgainAfterAFailure_TheOldEndIsNotTheEnd()
    {
        var workflow = Scripts.Workflow();
        _orchestrator.Put(workflow);
        _orchestrator.Append(workflow.Id, "workflow.failed");
        _orchestrator.Append(workflow.Id, "workflow.retried");
        var command = new StackCommand();
        var running = command.InvokeAsync(_orchestrator.Address, CancellationToken.None, "follow", "last");
        await Eventually.TrueAsync(() => command.Out.Contains("workflow retried", StringComparison.Ordinal), "the retry is shown");

        _orchestrator.Append(workflow.Id, "workflow.completed");
        _orchestrator.Put(workflow with { Status = WorkflowStatus.Completed });

        Assert.Equal(ExitCode.Completed, (await running).Code);
    }

    [Fact]
    public async Task Follow_Interrupted_SaysThatTheWorkflowGoesOn()
    {
        var workflow = Scripts.Workflow();
        _orchestrator.Put(workflow);
        _orchestrator.Append(workflow.Id, "workflow.submitted");
        using var interrupt = new CancellationTokenSource();
        var command = new StackCommand();
        var running = command.InvokeAsync(_orchestrator.Address, interrupt.Token, "follow", "last");
        await Eventually.TrueAsync(() => command.Out.Contains("submitted", StringComparison.Ordinal), "the follower is there");

        await interrupt.CancelAsync();

        var outcome = await running;
        Assert.Equal(ExitCode.Interrupted, outcome.Code);
        Assert.Contains("The workflow goes on.", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("stack follow 0199c2a4-1111", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("stack cancel 0199c2a4-1111", outcome.Error, StringComparison.Ordinal);
    }

    private WorkflowResource ScriptRun(WorkflowStatus end)
    {
        var workflow = Scripts.Workflow();
        _orchestrator.OnSubmit = _ =>
        {
            _orchestrator.Put(workflow);
            _orchestrator.Play(workflow, end);
            return workflow;
        };
        return workflow;
    }
}
