using Stack.Cli;

namespace Stack.Tests.Orchestrator.Cli;

public sealed class HelpTests
{
    private static readonly string[] CommandNames =
    [
        "run", "list", "show", "follow", "logs", "cancel", "pause", "resume", "retry", "approvals", "approve", "reject", "files", "agents", "definitions validate", "definitions apply",
        "definitions list", "definitions show", "deployments list", "deployments stop", "deployments start",
        "dead-letters list", "dead-letters show", "dead-letters replay", "dead-letters discard", "prune", "drill", "drill list", "drill history", "open", "plan", "soak", "version", "completion",
    ];

    public static TheoryData<string> Commands => new(CommandNames);

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Help_EveryCommand_HasExamplesOfItself(string command)
    {
        var outcome = await RunAsync([.. command.Split(' '), "--help"]);

        Assert.Equal(ExitCode.Completed, outcome.Code);
        Assert.Contains("Examples:", outcome.Out, StringComparison.Ordinal);
        Assert.Contains($"stack {command}", outcome.Out[outcome.Out.IndexOf("Examples:", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_WholeCommand_NamesEveryExitCode()
    {
        var outcome = await RunAsync("--help");

        var codes = outcome.Out[outcome.Out.IndexOf("Exit codes:", StringComparison.Ordinal)..];
        Assert.All(Enum.GetValues<ExitCode>(), code => Assert.Contains($"{(int)code} ", codes, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Readme_EveryCommandAndOption_IsNamed()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Stack.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside of the repository.");
        }

        var readme = await File.ReadAllTextAsync(Path.Combine(folder, "Orchestrator", "Cli", "README.md"));
        foreach (var command in CommandNames)
        {
            Assert.Contains($"`{command}", readme, StringComparison.Ordinal);
            var help = await RunAsync([.. command.Split(' '), "--help"]);
            var options = help.Out.Split("Examples:")[0].Split((char[])[' ', ',', '\n'], StringSplitOptions.RemoveEmptyEntries).Where(word => word.StartsWith("--", StringComparison.Ordinal) && word.Length > 2).Distinct();
            Assert.All(options, option => Assert.Contains(option, readme, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Version_Option_AsksNobody()
    {
        var outcome = await RunAsync("--version");

        Assert.Matches(@"^\d+\.\d+\.\d+\s*$", outcome.Out);
    }

    [Theory]
    [InlineData("stack d", "definitions")]
    [InlineData("stack run --pri", "--priority")]
    [InlineData("stack list --status w", "waiting")]
    public async Task Suggest_PartOfALine_CompletesIt(string line, string expected)
    {
        var outcome = await RunAsync($"[suggest:{line.Length}]", line);

        Assert.Contains(expected, outcome.Lines.Select(word => word.Trim()));
    }

    private static Task<CommandOutcome> RunAsync(params string[] arguments) =>
        new StackCommand().InvokeAsync(new Uri("http://127.0.0.1:1"), CancellationToken.None, arguments);
}
