using Stack.Checks;
using Stack.Contracts;
using Stack.Tests.Agents;

namespace Stack.Tests.Orchestrator.Checks.Acceptance;

public sealed class CheckRunnerTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new();
    private readonly ProcessTool _processes;
    private readonly CheckRunner _runner;
    private IReadOnlyList<FileChange> _changes = [];

    public CheckRunnerTests()
    {
        var workspace = Directory.CreateDirectory(_folder.At("w")).FullName;
        var environment = new ProcessEnvironment(_folder.At("home"), Environment.GetEnvironmentVariables());
        _processes = new ProcessTool(environment, $"check-test-{Guid.NewGuid():N}/", workspace, _folder.At("t"), TimeProvider.System);
        _runner = new CheckRunner(new CheckGround
        {
            Workspace = workspace,
            Scratch = _folder.Path,
            Processes = _processes,
            Http = _http,
            Time = TimeProvider.System,
            Changes = _ => Task.FromResult(_changes),
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _processes.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("echo fine", 0, "fine", null, true, "as expected")]
    [InlineData("echo fine; exit 3", 3, null, "^fi.e$", true, "as expected")]
    [InlineData("echo broken >&2; exit 1", 0, null, null, false, "the exit code is 1: broken")]
    [InlineData("echo other", 0, "fine", null, false, "the output does not contain 'fine'")]
    [InlineData("echo other", 0, null, "^fine$", false, "the output does not match /^fine$/")]
    public async Task Command_Ends_IsHeldAgainstWhatIsExpected(string shell, int exitCode, string? contains, string? matches, bool passed, string actual)
    {
        var found = await RunAsync(new AcceptanceCheck.CommandLine { Shell = shell, ExitCode = exitCode, OutputContains = contains, OutputMatches = matches });
        Assert.Equal((passed, actual, "command"), (found.Passed, found.Actual, found.Type));
        Assert.NotNull(found.OutputSha256);
    }

    [Fact]
    public async Task Command_NeverEnds_IsEndedWithAllThatItStarted()
    {
        var found = await RunAsync(new AcceptanceCheck.CommandLine { Shell = "sleep 300 & sleep 300", Timeout = TimeSpan.FromSeconds(1) });
        Assert.Equal((false, "it did not end within 1s"), (found.Passed, found.Actual));
        Assert.True(found.DurationMs < 20_000);
    }

    [Fact]
    public async Task Command_WritesWithoutEnd_KeepsTheTailOnly()
    {
        var found = await RunAsync(new AcceptanceCheck.CommandLine { Shell = "head -c 20000000 /dev/zero | tr '\\0' 'x'; echo; echo last" });
        Assert.True(found.Passed, found.Actual);
        Assert.EndsWith("last\n", found.OutputTail, StringComparison.Ordinal);
        Assert.True(found.OutputTail!.Length <= 4_000);
    }

    [Fact]
    public async Task Command_ProgramThatTheMachineLacks_CannotBeChecked()
    {
        var trouble = await Assert.ThrowsAsync<CheckTroubleException>(() => RunAsync(new AcceptanceCheck.CommandLine { Run = ["no-such-program"] }));
        Assert.Equal(("program_missing", FailureClass.Infrastructure), (trouble.Error.Code, trouble.Error.Class));
    }

    [Fact]
    public async Task Command_ProgramThatTheWorkLacks_IsAFinding()
    {
        var found = await RunAsync(new AcceptanceCheck.CommandLine { Run = ["./build.sh"] });
        Assert.Equal((false, "there is no program './build.sh'"), (found.Passed, found.Actual));
    }

    [Fact]
    public async Task Command_SecretsOfTheOrchestrator_AreNotInItsEnvironment()
    {
        Environment.SetEnvironmentVariable("STACK_TEST_SECRET_KEY", "hunter2");
        var found = await RunAsync(new AcceptanceCheck.CommandLine { Shell = "env; test -z \"$STACK_TEST_SECRET_KEY\"" });
        Environment.SetEnvironmentVariable("STACK_TEST_SECRET_KEY", null);
        Assert.True(found.Passed, found.Actual);
        Assert.DoesNotContain("hunter2", found.OutputTail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_States_AreHeldAgainstTheClone()
    {
        _folder.Write("w/src/a.txt", "one\ntwo\n");
        File.CreateSymbolicLink(_folder.At("w/link"), "/etc/hostname");
        Assert.True((await RunAsync(new AcceptanceCheck.FileState { Path = "src/a.txt", Contains = "two", Matches = "^one$" })).Passed);
        Assert.True((await RunAsync(new AcceptanceCheck.FileState { Path = "src" })).Passed);
        Assert.True((await RunAsync(new AcceptanceCheck.FileState { Path = "b.txt", Exists = false })).Passed);
        Assert.Equal("it is not there", (await RunAsync(new AcceptanceCheck.FileState { Path = "b.txt" })).Actual);
        Assert.Equal("it is there", (await RunAsync(new AcceptanceCheck.FileState { Path = "src/a.txt", Exists = false })).Actual);
        Assert.Equal("it does not contain 'three'", (await RunAsync(new AcceptanceCheck.FileState { Path = "src/a.txt", Contains = "three" })).Actual);
        Assert.Equal((false, "link is a symbolic link, which counts as not there"), await ShortAsync(new AcceptanceCheck.FileState { Path = "link" }));
    }

    [Fact]
    public async Task Diff_Change_IsHeldAgainstThePatterns()
    {
        _changes = [new FileChange("src/deep/a.cs", 10), new FileChange("tests/a.cs", 5), new FileChange("logo.png", null)];
        Assert.True((await RunAsync(new AcceptanceCheck.Diff { MustChange = ["src/**", "*.png"], MustNotChange = ["docs/"], MaxLines = 15 })).Passed);
        Assert.Equal((false, "nothing that fits 'docs/' changed"), await ShortAsync(new AcceptanceCheck.Diff { MustChange = ["docs/"] }));
        Assert.Equal((false, "tests/a.cs changed"), await ShortAsync(new AcceptanceCheck.Diff { MustNotChange = ["tests/**"] }));
        Assert.Equal((false, "15 lines changed"), await ShortAsync(new AcceptanceCheck.Diff { MaxLines = 14 }));
        _changes = [];
        Assert.Equal((false, "nothing that fits '**' changed"), await ShortAsync(new AcceptanceCheck.Diff { MustChange = ["**"] }));
    }

    [Theory]
    [InlineData("printf '1..3\\nok 1 - a\\nok 2 - b # SKIP slow\\nok 3\\n'", 2, true, "2 passed, 1 were not run")]
    [InlineData("printf 'ok 1 - a\\nnot ok 2 - b\\n'; exit 1", 1, false, "1 of 2 failed: b: not ok")]
    [InlineData("printf '1..3\\nok 1 - a\\n'", 1, false, "1 of 2 failed: all: 3 were planned, 1 ran")]
    [InlineData("printf 'ok 1 - a\\n'; exit 1", 1, false, "1 passed, but the exit code is 1: ok 1 - a")]
    [InlineData("printf 'ok 1 - a\\n'", 2, false, "1 passed, 0 were not run")]
    [InlineData("echo all good", 1, false, "no report of any test was written; the exit code is 0: all good")]
    public async Task Tests_Tap_AreCounted(string shell, int minimum, bool passed, string actual)
        => Assert.Equal((passed, actual), await ShortAsync(new AcceptanceCheck.Tests { Shell = shell, MinPassed = minimum }));

    [Fact]
    public async Task Tests_JUnitReport_IsReadWhereTheRunWroteIt()
    {
        _folder.Write("w/run.sh", "");
        const string Report = """<testsuites><testsuite><testcase classname="a" name="works"/><testcase name="later"><skipped/></testcase><testcase classname="a" name="breaks"><failure message="no"/></testcase></testsuite></testsuites>""";
        Assert.Equal((false, "1 of 3 failed: a.breaks: no"), await ShortAsync(new AcceptanceCheck.Tests { Shell = $"echo '{Report}' > {{results}}/junit.xml" }));
    }

    [Fact]
    public async Task Tests_ReportThatCameWithTheCommit_CountsForNothing()
    {
        _folder.Write("w/out/report.xml", """<testsuite><testcase name="forged"/></testsuite>""");
        Assert.Equal((false, "no report of any test was written; the exit code is 0: "), await ShortAsync(new AcceptanceCheck.Tests { Shell = "true", Report = "out/*.xml" }));
    }

    [Theory]
    [InlineData(50, true, "they run 50 %")]
    [InlineData(51, false, "they run 50 %")]
    public async Task Coverage_Cobertura_IsHeldAgainstTheMinimum(double minimum, bool passed, string actual)
    {
        const string Report = """<coverage><packages><package><classes><class filename="a"><lines><line number="1" hits="1"/><line number="2" hits="0"/></lines></class></classes></package></packages></coverage>""";
        Assert.Equal((passed, actual), await ShortAsync(new AcceptanceCheck.Coverage { Shell = $"echo '{Report}' > {{results}}/coverage.cobertura.xml", Minimum = minimum }));
    }

    [NeedsPythonFact]
    public async Task Http_ProgramAnswers_IsHeldAgainstWhatIsExpected()
    {
        _folder.Write("w/answer.json", """{"a":[1,2],"b":"x"}""");
        string[] run = ["python3", "-m", "http.server", "{port}", "--bind", "127.0.0.1"];
        Assert.Equal((true, "as expected"), await ShortAsync(new AcceptanceCheck.Http { Run = run, Path = "/answer.json", Json = JsonPayload.Parse("""{"a":[1,2]}"""), Contains = "x" }));
        Assert.Equal((false, "$.a has 2 items, not 1"), await ShortAsync(new AcceptanceCheck.Http { Run = run, Path = "/answer.json", Json = JsonPayload.Parse("""{"a":[1]}""") }));
        var (passed, actual) = await ShortAsync(new AcceptanceCheck.Http { Run = run, Path = "/nothing" });
        Assert.False(passed);
        Assert.StartsWith("the status is 404", actual, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_ProgramEndsOrNeverListens_IsAFinding()
    {
        Assert.Equal((false, "the program ended with exit code 7: oops"), await ShortAsync(new AcceptanceCheck.Http { Shell = "echo oops; exit 7", Path = "/" }));
        var (passed, actual) = await ShortAsync(new AcceptanceCheck.Http { Shell = "sleep 60", Path = "/", Timeout = TimeSpan.FromSeconds(1) });
        Assert.False(passed);
        Assert.Contains("within 1s", actual, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Judge_NoModelHere_CannotBeChecked()
    {
        var trouble = await Assert.ThrowsAsync<CheckTroubleException>(() => RunAsync(new AcceptanceCheck.Judge { Question = "Is it good?" }));
        Assert.Equal(FailureClass.Infrastructure, trouble.Error.Class);
    }

    private Task<CheckEvidence> RunAsync(AcceptanceCheck check) => _runner.RunAsync(check, CancellationToken.None);

    private async Task<(bool Passed, string Actual)> ShortAsync(AcceptanceCheck check)
    {
        var found = await RunAsync(check);
        return (found.Passed, found.Actual);
    }

    /// <summary>Python stands in for a program that serves HTTP.</summary>
    private sealed class NeedsPythonFactAttribute : FactAttribute
    {
        public NeedsPythonFactAttribute()
        {
            if (!File.Exists("/usr/bin/python3") && !File.Exists("/usr/local/bin/python3"))
            {
                Skip = "python3 is not installed.";
            }
        }
    }
}
