using System.Text.Json;
using Stack.Cli;
using Stack.Contracts;
using Stack.Tests.ServiceDefaults;

namespace Stack.Tests.Orchestrator.Cli;

public sealed class ReconnectTests : IAsyncLifetime
{
    private readonly WorkflowResource _workflow = Scripts.Workflow();
    private ScriptedOrchestrator _orchestrator = null!;

    public async Task InitializeAsync() => _orchestrator = await ScriptedOrchestrator.StartAsync();

    public async Task DisposeAsync() => await _orchestrator.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Follow_ConnectionsBreakInTheMiddleOfEvents_NoEventIsLostOrRepeated(bool forgets)
    {
        _orchestrator.Put(_workflow);
        _orchestrator.ForgetsLastEventId = forgets;
        foreach (var count in new[] { 1, 3, 0, 5 })
        {
            _orchestrator.BreakAfter.Enqueue(count);
        }

        _orchestrator.Play(_workflow, WorkflowStatus.Completed);

        var outcome = await StackCommand.RunAsync(_orchestrator, "follow", "last", "--json");

        Assert.Equal(ExitCode.Completed, outcome.Code);
        Assert.Equal(Enumerable.Range(1, 9), Ids(outcome.Lines));
        Assert.Contains("reconnecting", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("Connected again.", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_OrchestratorRestarts_GoesOnWhereItWas()
    {
        _orchestrator.Put(_workflow);
        _orchestrator.Append(_workflow.Id, "workflow.submitted");
        _orchestrator.Append(_workflow.Id, "stage.queued", "scaffolding", 1);
        var command = new StackCommand();
        var running = command.InvokeAsync(_orchestrator.Address, CancellationToken.None, "follow", "last", "--json");
        await Eventually.TrueAsync(() => command.Out.Contains("stage.queued", StringComparison.Ordinal), "the first events are there");

        await _orchestrator.StopAsync();
        await Eventually.TrueAsync(() => command.Error.Contains("reconnecting", StringComparison.Ordinal), "the loss is noticed");
        _orchestrator.Append(_workflow.Id, "stage.completed", "scaffolding", 1);
        _orchestrator.Append(_workflow.Id, "workflow.completed");
        _orchestrator.Put(_workflow with { Status = WorkflowStatus.Completed });
        await _orchestrator.StartAgainAsync();

        var outcome = await running;
        Assert.Equal(ExitCode.Completed, outcome.Code);
        Assert.Equal([1, 2, 3, 4], Ids(outcome.Lines));
        Assert.Contains(_orchestrator.Requests, request => request.Headers.GetValueOrDefault("Last-Event-ID") == "2");
    }

    [Fact]
    public async Task Follow_OrchestratorStaysAway_GivesUpWithItsAddress()
    {
        _orchestrator.Put(_workflow);
        _orchestrator.Append(_workflow.Id, "workflow.submitted");
        var command = new StackCommand();
        var running = command.InvokeAsync(_orchestrator.Address, CancellationToken.None, "follow", "last", "--give-up-after", "300ms");
        await Eventually.TrueAsync(() => command.Out.Contains("submitted", StringComparison.Ordinal), "the first event is there");

        await _orchestrator.StopAsync();

        var outcome = await running;
        Assert.Equal(ExitCode.Unavailable, outcome.Code);
        Assert.Contains($"does not answer at {_orchestrator.Address.AbsoluteUri.TrimEnd('/')}", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("dotnet run --project AppHost", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_StoreIsAwayForAMoment_WaitsForIt()
    {
        _orchestrator.Put(_workflow);
        _orchestrator.Play(_workflow, WorkflowStatus.Completed);
        var path = $"/api/v1/workflows/{_workflow.Id}";
        _orchestrator.Refuse($"GET {path}", Scripts.Problem(503, "Not available now", "The database does not answer."));
        var running = StackCommand.RunAsync(_orchestrator, "follow", "last");
        await Eventually.TrueAsync(() => _orchestrator.Requests.Count(request => request.Path == path) >= 2 || running.IsCompleted, "it asks again");

        _orchestrator.Allow($"GET {path}");

        var outcome = await running;
        Assert.Equal(ExitCode.Completed, outcome.Code);
    }

    [Fact]
    public async Task Follow_EveryConnectionEndsAtOnce_GivesUpTooAndDoesNotHammer()
    {
        _orchestrator.Put(_workflow);
        _orchestrator.Append(_workflow.Id, "workflow.submitted");
        for (var count = 0; count < 1000; count++)
        {
            _orchestrator.BreakAfter.Enqueue(0);
        }

        var outcome = await StackCommand.RunAsync(_orchestrator, "follow", "last", "--give-up-after", "500ms");

        Assert.Equal(ExitCode.Unavailable, outcome.Code);
        Assert.InRange(1000 - _orchestrator.BreakAfter.Count, 2, 6);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 200)]
    [InlineData(2, 400)]
    [InlineData(5, 2000)]
    [InlineData(1000, 2000)]
    public void DelayAfter_Failures_DoublesUpToTheLongest(int failures, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), new ReconnectPolicy().DelayAfter(failures));

    [Fact]
    public async Task LogsFollow_ConnectionBreaks_NoLineIsLostOrRepeated()
    {
        _orchestrator.Put(_workflow);
        _orchestrator.BreakAfter.Enqueue(4);
        _orchestrator.Play(_workflow, WorkflowStatus.Completed);

        var outcome = await StackCommand.RunAsync(_orchestrator, "logs", "last", "--follow");

        Assert.Equal(["2026-03-01T12:00:03.000Z scaffolding#1 writing files", "2026-03-01T12:00:03.000Z scaffolding#1 done"], outcome.Lines);
    }

    private static IEnumerable<int> Ids(IEnumerable<string> lines) =>
        lines.Select(line => (int)JsonSerializer.Deserialize<EventResource>(line, StackJson.Options)!.Id);
}
