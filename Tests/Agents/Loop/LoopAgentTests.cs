using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Stack.Agents.Loop;
using Stack.Agents.Loop.Backends;
using Stack.Contracts;
using Stack.Tests.EndToEnd;
using Stack.Tests.Orchestrator.Gateway;

namespace Stack.Tests.Agents.Loop;

/// <summary>The loop agent with the real gateway in front of a scripted Ollama of ours.</summary>
public sealed class LoopAgentTests
{
    private readonly LoopAgent _agent = new(new BackendCatalog("/nowhere/backends.json"));

    [Fact]
    public async Task Execute_ModelWritesThroughTools_CompletesWithTheEvidenceAndItsCost()
    {
        await using var ollama = await OllamaAsync(new OllamaScene("Write hello", [OllamaStep.Writing("hello.txt", "Hello"), OllamaStep.Says("I wrote hello.txt.")]));
        await using var bench = await AgentBench.CreateAsync(Yaml(ollama));

        var attempt = (await bench.RunAsync(_agent, """{"model": "paid", "checks": ["grep -q Hello hello.txt"]}""", "Write hello")).Completed();

        var output = attempt.Output<LoopOutput>();
        Assert.Equal(("success", 1, 1, 0, 1), (output.CompletionReason, output.Iterations, output.Productive, output.Unproductive, output.FilesChanged));
        Assert.Equal("Hello", await bench.GitAsync("show", "work:hello.txt"));
        var usage = attempt.Result.Usage;
        Assert.Equal(2, usage.ApiCalls);
        Assert.True(usage is { PromptTokens: > 0, CompletionTokens: > 0 }, usage.ToString());
        Assert.Equal((usage.PromptTokens * 0.000001m) + (usage.CompletionTokens * 0.000002m), usage.Cost);
        Assert.Equal(["iteration-1/1", "iteration-1/2"], bench.Steps);
    }

    [Fact]
    public async Task Execute_SaysDoneAndChangedNothing_IsNotDone()
    {
        await using var ollama = await OllamaAsync(new OllamaScene("hello", [OllamaStep.Says("All is done, everything works.")]));
        await using var bench = await AgentBench.CreateAsync(Yaml(ollama));

        var attempt = await bench.RunAsync(_agent, """{"model": "tiny", "max_iterations": 2}""", "Write hello");

        Assert.Equal(("iterations_exhausted", ErrorCategory.Limit), (attempt.Error.Code, attempt.Error.Category));
        Assert.Contains("no file was changed", attempt.Error.Message, StringComparison.Ordinal);
        Assert.Equal((2, 0, 2), (attempt.Output<LoopOutput>().Iterations, attempt.Output<LoopOutput>().Productive, attempt.Output<LoopOutput>().Unproductive));
        Assert.Contains("That is not done", Prompts(ollama)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_LimitIsReachedAndMoreIsGranted_KeepsThePartAndGoesOnFromIt()
    {
        await using var ollama = await OllamaAsync(
            new OllamaScene("in iteration 2", [OllamaStep.Writing("b.txt", "b"), OllamaStep.Says("b is there")]),
            new OllamaScene("in iteration 1", [OllamaStep.Says("I thought about it")]),
            new OllamaScene("both", [OllamaStep.Writing("a.txt", "a"), OllamaStep.Says("a is there")]));
        await using var bench = await AgentBench.CreateAsync(Yaml(ollama));
        const string With = """{"model": "tiny", "max_iterations": 2, "checks": ["test -f a.txt && test -f b.txt"]}""";

        var first = await bench.RunAsync(_agent, With, "Write both");
        Assert.Equal("iterations_exhausted", first.Error.Code);
        Assert.Contains("--iterations +10", first.Error.SuggestedAction, StringComparison.Ordinal);
        Assert.Equal("a", await bench.GitAsync("show", $"{first.Output<LoopOutput>().Commit}:a.txt"));
        var again = await bench.RunAsync(_agent, With, "Write both");
        Assert.Equal(("iterations_exhausted", 2), (again.Error.Code, again.Output<LoopOutput>().Iterations));

        var second = (await bench.RunAsync(_agent, With, "Write both", change: task => task with { ExtraIterations = 2 })).Completed();
        Assert.Equal((3, 4, 2, 1), (second.Output<LoopOutput>().Iterations, second.Output<LoopOutput>().Limit, second.Output<LoopOutput>().Productive, second.Output<LoopOutput>().Unproductive));
        Assert.Equal("ab", await bench.GitAsync("show", "work:a.txt") + await bench.GitAsync("show", "work:b.txt"));
    }

    [Fact]
    public async Task Execute_NothingChanges_TriesOtherWordsAnotherModelAPersonAndThenStops()
    {
        await using var ollama = await OllamaAsync(["tiny:latest", "other:latest"], new OllamaScene("hello", [OllamaStep.Says("Working on it.")]));
        await using var bench = await AgentBench.CreateAsync(Yaml(ollama));
        const string With = """{"model": "tiny", "pivot_model": "other", "stall_after": 2}""";

        var asks = Assert.IsType<StageOutcome.NeedsApproval>((await bench.RunAsync(_agent, With, "Write hello")).Outcome);
        Assert.Contains("\"kind\":\"clarification\"", asks.Effect!.ToString(), StringComparison.Ordinal);
        Assert.Equal(["tiny", "tiny", "tiny", "tiny", "other", "other"], Models(ollama));
        Assert.DoesNotContain("Do not do the same again", Prompts(ollama)[1], StringComparison.Ordinal);
        Assert.Contains("Do not do the same again", Prompts(ollama)[2], StringComparison.Ordinal);
        Assert.IsType<StageOutcome.NeedsApproval>((await bench.RunAsync(_agent, With, "Write hello")).Outcome);

        var decision = new ApprovalDecision { Approved = true, DecidedBy = "ann", DecidedAt = DateTimeOffset.UnixEpoch, Comment = "Put it into hello.txt" };
        var stopped = await bench.RunAsync(_agent, With, "Write hello", change: task => task with { Approval = decision });
        Assert.Equal(("no_progress", false, 8), (stopped.Error.Code, stopped.Error.Retryable, stopped.Output<LoopOutput>().Iterations));
        Assert.Contains("Put it into hello.txt", Prompts(ollama)[^1], StringComparison.Ordinal);

        // A person who lets it go on gets the whole ladder again.
        Assert.IsType<StageOutcome.NeedsApproval>((await bench.RunAsync(_agent, With, "Write hello", change: task => task with { ExtraIterations = 10 })).Outcome);
    }

    [Fact]
    public async Task Execute_PollingThatChangesTheEvidence_IsNoStandstill()
    {
        await using var ollama = await OllamaAsync(new OllamaScene("Wait", [OllamaStep.Calling("run_command", new { command = "echo poll >> polls.txt" }), OllamaStep.Says("I polled, as before.")]));
        await using var bench = await AgentBench.CreateAsync(Yaml(ollama));

        var output = (await bench.RunAsync(_agent, """{"model": "tiny", "stall_after": 2, "ask": false, "checks": ["test $(wc -l < polls.txt) -ge 6"]}""", "Wait for it")).Completed().Output<LoopOutput>();

        Assert.Equal((6, 6, 0), (output.Iterations, output.Productive, output.Unproductive));
    }

    [Fact]
    public async Task Execute_ServerIsAwayForAWhile_WaitsAndCountsNothing()
    {
        await using var ollama = await OllamaAsync(new OllamaScene("hello", [OllamaStep.Writing("hello.txt", "Hello"), OllamaStep.Says("Done.")]));
        ollama.Then("/api/chat", ScriptedProvider.Json("""{"error":"loading"}""", 503)).Then("/api/chat", ScriptedProvider.Json("""{"error":"loading"}""", 503));
        await using var bench = await AgentBench.CreateAsync(Yaml(ollama));

        var output = (await bench.RunAsync(_agent, """{"model": "tiny"}""", "Write hello")).Completed().Output<LoopOutput>();

        Assert.Equal((1, 1, true), (output.Iterations, output.Productive, output.Interruptions >= 2));
    }

    [Fact]
    public async Task Execute_ProviderWantsALongPause_IsMadeAgainLater()
    {
        await using var ollama = await OllamaAsync();
        ollama.Always("/api/chat", ScriptedProvider.Json("""{"error":"slow down"}""", 429, ("Retry-After", "120")));
        await using var bench = await AgentBench.CreateAsync(Yaml(ollama));

        var snoozed = Assert.IsType<StageOutcome.Snoozed>((await bench.RunAsync(_agent, """{"model": "tiny"}""", "Write hello")).Outcome);

        Assert.InRange(snoozed.DelayMs, 119_000, 121_000);
        Assert.StartsWith("throttled, not counted", snoozed.Reason, StringComparison.Ordinal);
        Assert.Null(await bench.Feed.FindStepAsync(IterationRecord.KeyOf(bench.Workflow, "loop", 1), CancellationToken.None));
    }

    [Fact]
    public async Task Execute_BudgetIsExhausted_StopsWithItsOwnReasonAndKeepsTheWork()
    {
        await using var ollama = await OllamaAsync(new OllamaScene("hello", [OllamaStep.Writing("hello.txt", "Hello")]));
        await using var bench = await AgentBench.CreateAsync(Yaml(ollama) + "budgets: {stage: {calls: 3} }\n");

        var attempt = await bench.RunAsync(_agent, """{"model": "tiny"}""", "Write hello");

        Assert.Equal(("budget_exhausted", ErrorCategory.Limit), (attempt.Error.Code, attempt.Error.Category));
        Assert.Equal("Hello", await bench.GitAsync("show", $"{attempt.Output<LoopOutput>().Commit}:hello.txt"));
        Assert.Equal((3, attempt.Result.Change!.Commit), (ollama.Asked.Count(request => request.Path == "/api/chat"), attempt.Output<LoopOutput>().Commit));
    }

    [Fact]
    public async Task Execute_ModelCallsToolsWrongly_IsToldAndGetsThere()
    {
        await using var ollama = await OllamaAsync(new OllamaScene("hello", [
            OllamaStep.Calling("fly", new { }), new OllamaStep { Calls = [new OllamaCall("write_file", JsonSerializer.SerializeToElement("hello.txt = Hello"))] },
            OllamaStep.Writing("hello.txt", "Hello"), OllamaStep.Says("Done.")]));
        await using var bench = await AgentBench.CreateAsync(Yaml(ollama));

        (await bench.RunAsync(_agent, """{"model": "tiny"}""", "Write hello")).Completed();

        var told = ollama.Asked.Last(request => request.Path == "/api/chat").Body.GetProperty("messages").EnumerateArray().Where(message => message.GetProperty("role").GetString() == "tool").Select(message => message.GetProperty("content").GetString()!).ToList();
        Assert.StartsWith("There is no tool 'fly'.", told[0], StringComparison.Ordinal);
        Assert.StartsWith("The arguments of write_file are no JSON object.", told[1], StringComparison.Ordinal);
        Assert.Equal("Wrote hello.txt: 5 characters.", told[2]);
    }

    [Fact]
    public async Task Execute_ApprovalIsRequired_AsksOnceBeforeTheFirstIteration()
    {
        await using var ollama = await OllamaAsync(new OllamaScene("hello", [OllamaStep.Writing("hello.txt", "Hello"), OllamaStep.Says("Done.")]));
        await using var bench = await AgentBench.CreateAsync(Yaml(ollama));
        const string With = """{"model": "tiny", "require_approval": true}""";

        Assert.IsType<StageOutcome.NeedsApproval>((await bench.RunAsync(_agent, With, "Write hello")).Outcome);
        Assert.DoesNotContain(ollama.Asked, request => request.Path == "/api/chat");
        var decision = new ApprovalDecision { Approved = true, DecidedBy = "ann", DecidedAt = DateTimeOffset.UnixEpoch };
        (await bench.RunAsync(_agent, With, "Write hello", change: task => task with { Approval = decision })).Completed();
    }

    [Fact]
    public async Task Execute_NoModelIsConfigured_SaysSo()
    {
        await using var bench = await AgentBench.CreateAsync();

        var error = (await bench.RunAsync(_agent, requirements: "Write hello")).Error;

        Assert.Equal(("model_required", ErrorCategory.Configuration, false), (error.Code, error.Category, error.Retryable));
    }

    [Fact]
    public async Task Execute_ServerReadsAPartOfThePrompt_FailsLoudly()
    {
        await using var ollama = await OllamaAsync(new OllamaScene("word", [OllamaStep.Says("Done.") with { PromptTokens = 40 }]));
        await using var bench = await AgentBench.CreateAsync(Yaml(ollama));

        var error = (await bench.RunAsync(_agent, """{"model": "tiny"}""", string.Concat(Enumerable.Repeat("word ", 3000)))).Error;

        Assert.Equal(("context_truncated", false), (error.Code, error.Retryable));
    }

    [Theory]
    [InlineData("""{"max_iterations": 0}""", "max_iterations is 0")]
    [InlineData("""{"max_iterations": 101}""", "max_iterations is 101")]
    [InlineData("""{"backend": "aidr"}""", "Did you mean 'aider'?")]
    public async Task Execute_WrongSettings_AreNamedWithTheRemedy(string with, string message)
    {
        await using var bench = await AgentBench.CreateAsync();

        var error = (await bench.RunAsync(_agent, with)).Error;

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.False(error.Retryable);
    }

    private static string Yaml(ScriptedProvider ollama) => $$"""
        providers:
          ollama: {kind: ollama, url: "{{ollama.Address}}", retries: 0, failures: 2, cool_down: 300ms}
        models:
          paid: {provider: ollama, name: "tiny:latest", price: {input: 1, output: 2} }

        """;

    private static Task<ScriptedProvider> OllamaAsync(params OllamaScene[] scenes) => OllamaAsync(["tiny:latest"], scenes);

    private static async Task<ScriptedProvider> OllamaAsync(string[] models, params OllamaScene[] scenes)
    {
        var script = new OllamaScript { Scenes = scenes };
        var provider = await ScriptedProvider.StartOllamaAsync(models[0], 32_768, "completion", "tools");
        provider.Always("/api/tags", ScriptedProvider.Json(JsonSerializer.Serialize(new { models = models.Select(model => new { name = model, model, size = 7, details = new { family = "tiny" } }) })));
        provider.Always("/api/chat", (context, body) => PlayAsync(context, body, script));
        return provider;
    }

    private static Task PlayAsync(HttpContext context, JsonElement body, OllamaScript script)
    {
        var step = script.StepFor(body.GetProperty("messages"))!;
        return ScriptedProvider.Lines([
            JsonSerializer.Serialize(new { message = new { role = "assistant", content = step.Text ?? "", tool_calls = step.Calls.Select(call => new { function = new { name = call.Name, arguments = call.Arguments } }) }, done = false }),
            JsonSerializer.Serialize(new { message = new { role = "assistant", content = "" }, done = true, done_reason = "stop", prompt_eval_count = step.PromptTokens ?? 4000, eval_count = 7 }),
        ])(context, body);
    }

    private static List<string> Prompts(ScriptedProvider ollama) =>
        [.. ollama.Asked.Where(request => request.Path == "/api/chat").Select(request => request.Body.GetProperty("messages").EnumerateArray().Last(message => message.GetProperty("role").GetString() == "user").GetProperty("content").GetString()!)];

    private static List<string> Models(ScriptedProvider ollama) => [.. ollama.Asked.Where(request => request.Path == "/api/chat").Select(request => request.Body.GetProperty("model").GetString()!.Split(':')[0])];
}
