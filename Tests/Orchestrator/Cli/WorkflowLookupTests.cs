using Stack.Cli;

namespace Stack.Tests.Orchestrator.Cli;

public sealed class WorkflowLookupTests : IAsyncLifetime
{
    private const string Newest = "0199c2a4-2222-7000-8000-00000000abcd";
    private const string Older = "0199c2a4-1111-7000-8000-000000000002";
    private const string Oldest = "0199c2a4-1111-7000-8000-000000000001";
    private ScriptedOrchestrator _orchestrator = null!;

    public async Task InitializeAsync()
    {
        _orchestrator = await ScriptedOrchestrator.StartAsync();
        foreach (var id in new[] { Oldest, Older, Newest })
        {
            _orchestrator.Put(Scripts.Workflow(id));
        }
    }

    public async Task DisposeAsync() => await _orchestrator.DisposeAsync();

    [Theory]
    [InlineData("last", Newest)]
    [InlineData("LAST", Newest)]
    [InlineData("@", Newest)]
    [InlineData("0199c2a4-2", Newest)]
    [InlineData("0199C2A42", Newest)]
    [InlineData("0199c2a4-1111-7000-8000-000000000002", Older)]
    [InlineData("0199c2a41111700080000000000000 01", null)]
    [InlineData("0199c2a4111170008000000000000001", Oldest)]
    public async Task Show_Abbreviated_IsTheOneThatIsMeant(string reference, string? id)
    {
        var outcome = await StackCommand.RunAsync(_orchestrator, "show", reference);

        Assert.Equal(id is null ? ExitCode.Usage : ExitCode.Completed, outcome.Code);
        Assert.Contains(id ?? "", outcome.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0199c2a4-1", "'0199c2a4-1' is the beginning of 2 ids")]
    [InlineData("ffff", "No workflow has an id that begins with 'ffff'")]
    [InlineData("calculator", "'calculator' is not the id of a workflow")]
    [InlineData("0199c2a4-1111-7000-8000-00000000ffff", "There is no workflow 0199c2a4-1111-7000-8000-00000000ffff.")]
    public async Task Show_NotOne_SaysWhyAndIsWrongUsage(string reference, string message)
    {
        var outcome = await StackCommand.RunAsync(_orchestrator, "show", reference);

        Assert.Equal(ExitCode.Usage, outcome.Code);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_Ambiguous_ListsTheCandidates()
    {
        var outcome = await StackCommand.RunAsync(_orchestrator, "show", "0199c2a4-1111");

        Assert.Contains($"{Older}  running    calculator", outcome.Error, StringComparison.Ordinal);
        Assert.Contains($"{Oldest}  running    calculator", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Newest, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_LastOfNone_SaysHowToStartOne()
    {
        _orchestrator.Workflows.Clear();

        var outcome = await StackCommand.RunAsync(_orchestrator, "show", "last");

        Assert.Equal(ExitCode.Usage, outcome.Code);
        Assert.Contains("stack run", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_PrefixOfANewOne_DoesNotReadTheWholeHistory()
    {
        for (var number = 0; number < 1000; number++)
        {
            _orchestrator.Workflows.Add(Scripts.Workflow($"0099c2a4-1111-7000-8000-{number:x12}"));
        }

        await StackCommand.RunAsync(_orchestrator, "show", "0199c2a4-2222");

        Assert.Single(_orchestrator.Requests, request => request.Path == "/api/v1/workflows");
    }
}
