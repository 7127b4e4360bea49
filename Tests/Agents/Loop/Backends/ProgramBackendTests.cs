using Stack.Agents.Loop;
using Stack.Agents.Loop.Backends;
using Stack.Contracts;

namespace Stack.Tests.Agents.Loop.Backends;

public sealed class ProgramBackendTests
{
    [Fact]
    public async Task Execute_ProgramMakesAChangeAndEndsWell_Completes()
    {
        await using var bench = await AgentBench.CreateAsync();
        var agent = Agent(bench, """{"own": {"command": ["sh", "-c", "cat \"$1\" > asked.txt; echo \"$2 $3\" >> asked.txt; echo \"$HOME_OF_TEST$STACK_TEST_OTHER\" > seen.txt", "x", "{prompt_file}", "{iteration}", "{model}"], "environment": ["STACK_TEST_ALLOWED"]}}""");

        var output = (await bench.RunAsync(agent, """{"backend": "own", "model": "m"}""", "Do {model} it")).Completed().Output<LoopOutput>();

        Assert.Equal(("success", "own", 1), (output.CompletionReason, output.Backend, output.Iterations));
        Assert.Equal("Do {model} it1 m", (await bench.GitAsync("show", "work:asked.txt")).Replace("\n", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Execute_Environment_IsWhatTheTemplateAllows()
    {
        Environment.SetEnvironmentVariable("STACK_TEST_ALLOWED", "yes");
        Environment.SetEnvironmentVariable("STACK_TEST_OTHER", "no");
        await using var bench = await AgentBench.CreateAsync();
        var agent = Agent(bench, """{"own": {"command": ["sh", "-c", "echo \"$STACK_TEST_ALLOWED-$STACK_TEST_OTHER\" > seen.txt"], "environment": ["STACK_TEST_ALLOWED"]}}""");

        (await bench.RunAsync(agent, """{"backend": "own"}""")).Completed();

        Assert.Equal("yes-", await bench.GitAsync("show", "work:seen.txt"));
    }

    [Theory]
    [InlineData("echo all done; kill -KILL $$", "exit_code", "backend_killed")]
    [InlineData("echo '{\\\"status\\\": \\\"error\\\", \\\"output\\\": \\\"llm unreachable\\\"}'", "json", "backend_answer_incomplete")]
    [InlineData("echo everything is fine", "json", "backend_answer_unreadable")]
    [InlineData("exit 75", "exit_code", "backend_interrupted")]
    public async Task Execute_NoExitCode_IsInfrastructureAndNeverASuccess(string script, string result, string code)
    {
        await using var bench = await AgentBench.CreateAsync();
        var agent = Agent(bench, $$"""{"own": {"command": ["sh", "-c", "echo x > x.txt; {{script}}"], "result": "{{result}}", "infrastructure_exit_codes": [75]} }""");

        var error = (await bench.RunAsync(agent, """{"backend": "own"}""")).Error;

        Assert.Equal((code, FailureClass.Infrastructure), (error.Code, error.Class));
        Assert.Null(await bench.Feed.FindStepAsync(IterationRecord.KeyOf(bench.Workflow, "loop", 1), CancellationToken.None));
    }

    [Theory]
    [InlineData("exit 2", "is blocked (exit code 2)")]
    [InlineData("echo broken; exit 7", "failed with exit code 7")]
    [InlineData("sleep 60", "did not end within 1s")]
    public async Task Execute_ProgramFails_CountsAndSaysWhy(string script, string problem)
    {
        await using var bench = await AgentBench.CreateAsync();
        var agent = Agent(bench, $$"""{"own": {"command": ["sh", "-c", "{{script}}"], "timeout": "1s"} }""");

        var attempt = await bench.RunAsync(agent, """{"backend": "own", "max_iterations": 1}""");

        Assert.Equal("iterations_exhausted", attempt.Error.Code);
        Assert.Contains(problem, attempt.Error.Message, StringComparison.Ordinal);
        Assert.Equal((1, 1), (attempt.Output<LoopOutput>().Iterations, attempt.Output<LoopOutput>().Unproductive));
    }

    [Fact]
    public async Task Execute_PromptIsLongerThanAnArgument_NamesTheWayOut()
    {
        await using var bench = await AgentBench.CreateAsync();
        var agent = Agent(bench, """{"own": {"command": ["true", "--", "{prompt}"]}}""");

        var error = (await bench.RunAsync(agent, """{"backend": "own"}""", new string('字', 45_000))).Error;

        Assert.Equal(("prompt_too_long", false), (error.Code, error.Retryable));
        Assert.Contains("{prompt_file}", error.SuggestedAction, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"own\": {\"comand\": []}}", "backends_unreadable")]
    [InlineData("{\"own\": {\"command\": []}}", "backend_invalid")]
    [InlineData("{\"own\": {\"command\": [\"no-such-program-here\"]}}", "program_missing")]
    public async Task Execute_FileIsWrong_SaysWhere(string file, string code)
    {
        await using var bench = await AgentBench.CreateAsync();

        var error = (await bench.RunAsync(Agent(bench, file), """{"backend": "own"}""")).Error;

        Assert.Equal((code, ErrorCategory.Configuration, false), (error.Code, error.Category, error.Retryable));
    }

    private static LoopAgent Agent(AgentBench bench, string backends) => new(new BackendCatalog(bench.Folder.Write("backends.json", backends)));
}
