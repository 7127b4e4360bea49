using System.Text.Json;
using Stack.Cli;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Cli.Commands;

public sealed class PruneCommandTests : IAsyncLifetime
{
    private ScriptedOrchestrator _orchestrator = null!;

    public async Task InitializeAsync()
    {
        _orchestrator = await ScriptedOrchestrator.StartAsync();
        for (var number = 1; number <= 250; number++)
        {
            _orchestrator.Ended.Add(new EndedWorkflow(Scripts.Id($"0199c2a4-1111-7000-8000-{number:x12}"), $"calculator {number}", WorkflowStatus.Completed, Scripts.Start));
        }
    }

    public async Task DisposeAsync() => await _orchestrator.DisposeAsync();

    [Fact]
    public async Task Prune_WithoutYes_ShowsWhatWouldGoAndHowToDoIt()
    {
        var outcome = await StackCommand.RunAsync(_orchestrator, "prune", "--older-than", "30d");
        Assert.Equal(ExitCode.Completed, outcome.Code);
        Assert.Equal(21, outcome.Lines.Length);
        Assert.Contains("0199c2a4-1111-7000-8000-000000000001  completed", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("and 230 more. 250 workflows ended before ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("stack prune --older-than 30d --yes", outcome.Error, StringComparison.Ordinal);
        Assert.Equal("GET", Assert.Single(_orchestrator.Requests).Method);
        Assert.Equal(250, _orchestrator.Ended.Count);
    }

    [Fact]
    public async Task Prune_Yes_RemovesAllInPiecesOfTheSameTime()
    {
        var outcome = await StackCommand.RunAsync(_orchestrator, "prune", "--yes");
        Assert.Equal((ExitCode.Completed, "250 workflows that ended before 2025-12-01T12:00:00Z were removed."), (outcome.Code, outcome.Out.Trim()));
        Assert.Equal(["100 removed, there are more.", "200 removed, there are more."], outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(Enumerable.Repeat("""{"ended_before":"2025-12-01T12:00:00+00:00","limit":100,"dry_run":false}""", 3), _orchestrator.Requests.Skip(1).Select(request => request.Body));
        Assert.Empty(_orchestrator.Ended);
        Assert.Contains("No workflow ended before 2025-12-01T12:00:00Z.", (await StackCommand.RunAsync(_orchestrator, "prune", "--yes")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prune_YesAndJson_PrintsOneDocument()
    {
        var outcome = await StackCommand.RunAsync(_orchestrator, "prune", "--before", "2026-01-31T12:00:00Z", "--yes", "--json");
        using var document = JsonDocument.Parse(outcome.Out);
        Assert.Equal((250, true), (document.RootElement.GetProperty("removed").GetInt32(), document.RootElement.GetProperty("done").GetBoolean()));
        Assert.Equal("2026-01-31T12:00:00+00:00", document.RootElement.GetProperty("ended_before").GetString());
    }

    [Fact]
    public async Task Prune_Interrupted_FinishesThePieceAndSaysHowManyWent()
    {
        using var interrupt = new CancellationTokenSource();
        _orchestrator.OnPrune = interrupt.Cancel;
        var outcome = await new StackCommand().InvokeAsync(_orchestrator.Address, interrupt.Token, "prune", "--older-than", "30d", "--yes");
        Assert.Equal(ExitCode.Interrupted, outcome.Code);
        Assert.StartsWith("100 workflows that ended before ", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("Interrupted. The same command goes on.", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(150, _orchestrator.Ended.Count);
    }

    [Fact]
    public async Task Prune_RefusedInTheMiddle_SaysHowManyWent()
    {
        _orchestrator.OnPrune = () => _orchestrator.Refuse("POST /api/v1/retention/prune", Scripts.Problem(503, "Not available now."));
        var outcome = await StackCommand.RunAsync(_orchestrator, "prune", "--older-than", "30d", "--yes");
        Assert.Equal(ExitCode.Unavailable, outcome.Code);
        Assert.Contains("100 workflows removed before this happened.", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("prune")]
    [InlineData("prune --yes")]
    public async Task Prune_KeptForEver_SaysWhichOptionToGive(string line)
    {
        _orchestrator.RetentionPeriod = null;
        var outcome = await StackCommand.RunAsync(_orchestrator, line.Split(' '));
        Assert.Equal(ExitCode.Usage, outcome.Code);
        Assert.Contains("--older-than 30d or --before", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(250, _orchestrator.Ended.Count);
    }

    [Theory]
    [InlineData("prune --older-than 30 --yes", "'30' is not a duration. Write for example 30d or 12h.")]
    [InlineData("prune --before 31.1.2026 --yes", "--before '31.1.2026' is not a time. Write for example 2026-01-31 or 2026-01-31T12:00:00Z.")]
    [InlineData("prune --before 2026-01-31 --older-than 30d --yes", "Write either --older-than or --before")]
    public async Task Prune_TimeThatIsNone_AsksNobody(string line, string expected)
    {
        var outcome = await StackCommand.RunAsync(_orchestrator, line.Split(' '));
        Assert.Equal(ExitCode.Usage, outcome.Code);
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
        Assert.Empty(_orchestrator.Requests);
    }
}
