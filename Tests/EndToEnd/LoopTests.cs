using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Stack.Contracts;
using Stack.Orchestrator.Gateway.Builtin;
using Xunit.Abstractions;

namespace Stack.Tests.EndToEnd;

/// <summary>One real stack with our scripted Ollama, a process of its own, that all tests of loops share.</summary>
public sealed class LoopStack : IAsyncLifetime
{
    private const string Calculator = "A calculator web API with add, subtract, multiply and divide";

    internal RunningStack Stack { get; } = new();

    internal OllamaProcess Ollama { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Ollama = new OllamaProcess(Stack.DataDirectory);
        await Ollama.StartAsync(new OllamaScript { Scenes = [.. Scenes()] });
        Directory.CreateDirectory(Path.Combine(Stack.DataDirectory, "orchestrator"));
        await File.WriteAllTextAsync(Path.Combine(Stack.DataDirectory, "orchestrator", "gateway.yaml"), $$"""
            providers:
              ollama: {kind: ollama, url: "{{Ollama.Address}}", retries: 0, failures: 2, cool_down: 1s, first_token_timeout: 20s}
            models:
              paid: {provider: ollama, name: "tiny:latest", price: {input: 100, output: 100} }
            aliases:
              smart: [paid, builtin]
            """);
        await Stack.StartAsync(("Engine__LeaseDuration", "00:00:03"), ("Engine__HeartbeatInterval", "00:00:01"));
    }

    public async Task DisposeAsync()
    {
        Ollama?.Dispose();
        await Stack.DisposeAsync();
    }

    private static IEnumerable<OllamaScene> Scenes()
    {
        // What the generator of templates would write, through the tools of a model.
        var files = ProjectGenerator.Generate(new GenerationRequest { Requirements = Calculator }).Files;
        yield return new OllamaScene(Calculator, [.. files.Select(file => OllamaStep.Writing(file.Path, file.Content)), OllamaStep.Says("I wrote a calculator with its tests.")]);
        yield return new OllamaScene("three parts", [OllamaStep.Calling("run_command", new { command = "sleep 1; echo part >> parts.txt" }) with { DelayMs = 500 }, OllamaStep.Says("One part more.")]);
        yield return new OllamaScene("never done", [OllamaStep.Writing("a.txt", "a"), OllamaStep.Says("It is done, all tests pass.")]);
        yield return new OllamaScene("spend", [OllamaStep.Calling("run_command", new { command = "date >> spent.txt" })]);
        yield return new OllamaScene("as text", [OllamaStep.Writing("text.txt", "by text") with { AsText = true }, OllamaStep.Says("Done.")]);
        yield return new OllamaScene("long text", [OllamaStep.Says("Done.") with { PromptTokens = 50 }]);
    }
}

/// <summary>What users of such systems complain about, reproduced on a real stack with a scripted model, and what ours does.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class LoopTests(LoopStack loops, ITestOutputHelper output) : IClassFixture<LoopStack>
{
    private const string ThreeParts = """test "$(wc -l < parts.txt)" -ge 3""";

    private RunningStack Stack => loops.Stack;

    [Fact]
    public async Task Run_MainJobWithAModel_WritesTheCalculatorThroughToolsAndShowsTokensAndCost()
    {
        var run = await Programs.CliAsync(Stack, TimeSpan.FromMinutes(5), "run", "A calculator web API with add, subtract, multiply and divide");
        Assert.True(run.ExitCode == 0, $"exit code {run.ExitCode}{Environment.NewLine}{run.Output}{run.Error}{Environment.NewLine}{Stack.Output}");

        var list = await Stack.Client.GetFromJsonAsync<WorkflowList>("/api/v1/workflows?type=app", StackJson.Options);
        var workflow = await Stack.GetAsync(list!.Workflows[0].Id);
        var scaffold = workflow.StageOutputs!["scaffolding"].ToElement();
        Assert.Equal((true, "paid", "src/Calculator/Calculator.csproj"), (scaffold.GetProperty("model_used").GetBoolean(), scaffold.GetProperty("provider").GetString(), scaffold.GetProperty("entry_project").GetString()));
        var usage = workflow.Stages!.Single(stage => stage.Name == "scaffolding").Usage!;
        Assert.True(usage is { PromptTokens: > 0, CompletionTokens: > 0, ApiCalls: > 5, Cost: > 0 }, usage.ToString());
        var booked = await Stack.Client.GetFromJsonAsync<UsageList>($"/api/v1/usage?workflow={workflow.Id}", StackJson.Options);
        Assert.Equal(usage.Cost, booked!.Budgets.Single(budget => budget.Key == $"workflow/{workflow.Id}/stage/scaffolding").Spent.Money);
        var show = await Programs.CliAsync(Stack, TimeSpan.FromMinutes(1), "show", workflow.Id.ToString());
        output.WriteLine(show.Output);
        Assert.Matches(string.Create(CultureInfo.InvariantCulture, $@"scaffolding +completed .* {usage.TotalTokens} +\${usage.Cost:0.00####} "), show.Output);
    }

    [Fact]
    public async Task Task_ModelServerIsKilledInTheMiddle_CountsNoIterationAndCompletes()
    {
        var id = await SubmitAsync(new { prompt = "Write three parts", model = "paid", checks = new[] { ThreeParts } });
        await UntilAsync(id, task => task.GetProperty("iteration").GetInt32() >= 1, "the first iteration counted");
        loops.Ollama.Kill();
        await BreakerAsync("open");
        var before = (await TaskAsync(id)).GetProperty("iteration").GetInt32();
        await Task.Delay(TimeSpan.FromSeconds(30));
        var during = await TaskAsync(id);
        Assert.Equal((before, "running"), (during.GetProperty("iteration").GetInt32(), during.GetProperty("status").GetString()));

        await loops.Ollama.StartAsync();
        await EndAsync(id, "completed");
        var result = await ResultAsync(id);
        Assert.Equal((3, 3), (result.GetProperty("iterations").GetInt32(), result.GetProperty("productive").GetInt32()));
        Assert.True(result.GetProperty("output").GetProperty("interruptions").GetInt32() > 0, result.ToString());
        await BreakerAsync("closed");
    }

    [Fact]
    public async Task Task_AgentIsKilledInTheMiddle_GoesOnAtTheIterationWithTheWork()
    {
        var id = await SubmitAsync(new { prompt = "Write three parts", model = "paid", checks = new[] { ThreeParts } });
        await UntilAsync(id, task => task.GetProperty("iteration").GetInt32() >= 1, "the first iteration counted");
        var first = (await ResultAsync(id)).GetProperty("history")[0].GetRawText();
        RunningStack.Kill(Stack.Processes().Single(process => process.Command.Contains("Stack.Agents.dll --type loop", StringComparison.Ordinal)).Pid);

        await EndAsync(id, "completed");
        var history = (await ResultAsync(id)).GetProperty("history");
        Assert.Equal((3, first), (history.GetArrayLength(), history[0].GetRawText()));
        Assert.True((await Stack.GetAsync(WorkflowId.Parse(id, null))).Stages!.Single(stage => stage.Name == "loop").Attempt > 1, "another attempt went on");
    }

    [Fact]
    public async Task Task_LimitIsReached_IsExhaustedWithItsPartAndGoesOnWithMore()
    {
        var id = await SubmitAsync(new { prompt = "This is never done", model = "paid", max_iterations = 3, stall_after = 50, checks = new[] { "test -f b.txt" } });

        var follow = await Programs.CliAsync(Stack, TimeSpan.FromMinutes(1), "follow", id);
        Assert.True(follow.ExitCode == 2, $"{follow.ExitCode} {follow.Output}{follow.Error}");
        Assert.Contains("--iterations +10", follow.Output, StringComparison.Ordinal);
        var result = await ResultAsync(id);
        Assert.Equal(("exhausted", "iterations_exhausted", 3), (result.GetProperty("status").GetString(), result.GetProperty("completion_reason").GetString(), result.GetProperty("iterations").GetInt32()));
        Assert.Equal("a", await Stack.Client.GetStringAsync($"/api/v1/workflows/{id}/files/a.txt?ref={result.GetProperty("commit").GetString()}"));

        var resume = await Programs.CliAsync(Stack, TimeSpan.FromMinutes(1), "resume", id, "--iterations", "+2");
        Assert.True(resume.ExitCode == 0, resume.Output + resume.Error);
        await EndAsync(id, "exhausted");
        Assert.Equal(5, (await ResultAsync(id)).GetProperty("iterations").GetInt32());
    }

    [Fact]
    public async Task Task_ModelWouldSpendForEver_StopsAtItsBudget()
    {
        var id = await SubmitAsync(new { prompt = "Just spend", model = "paid", require_approval = true });
        await UntilAsync(id, task => task.GetProperty("awaiting_approval").GetBoolean(), "it asks before it begins");
        using var limit = await Stack.Client.PutAsJsonAsync($"/api/v1/budgets/workflow/{id}", new { calls = 6 });
        Assert.True(limit.IsSuccessStatusCode, await limit.Content.ReadAsStringAsync());
        using var approve = await Stack.Client.PostAsync($"/tasks/{id}/approve?approved=true", null);
        Assert.True(approve.IsSuccessStatusCode, await approve.Content.ReadAsStringAsync());

        await EndAsync(id, "exhausted");
        Assert.Equal("budget_exhausted", (await ResultAsync(id)).GetProperty("completion_reason").GetString());
        var booked = await Stack.Client.GetFromJsonAsync<UsageList>($"/api/v1/usage?workflow={id}", StackJson.Options);
        Assert.Equal(6, booked!.Budgets.Single(budget => budget.Key == $"workflow/{id}").Spent.Calls);
    }

    [Fact]
    public async Task Task_ModelCallsItsToolsInText_GetsThere()
    {
        var id = await SubmitAsync(new { prompt = "Write it as text", model = "paid" });

        await EndAsync(id, "completed");
        Assert.Equal("by text", await Stack.Client.GetStringAsync($"/api/v1/workflows/{id}/files/text.txt"));
    }

    [Fact]
    public async Task Task_ModelServerReadsAPartOfThePrompt_FailsAndSaysSo()
    {
        var id = await SubmitAsync(new { prompt = "A long text: " + string.Concat(Enumerable.Repeat("word ", 3000)), model = "paid" });

        await EndAsync(id, "failed");
        var result = await ResultAsync(id);
        Assert.Equal(("context_truncated", 0), (result.GetProperty("completion_reason").GetString(), result.GetProperty("iterations").GetInt32()));
    }

    private async Task<string> SubmitAsync(object body)
    {
        using var answer = await Stack.Client.PostAsJsonAsync("/tasks", body);
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("task_id").GetString()!;
    }

    private Task<JsonElement> TaskAsync(string id) => Stack.Client.GetFromJsonAsync<JsonElement>($"/tasks/{id}");

    private Task<JsonElement> ResultAsync(string id) => Stack.Client.GetFromJsonAsync<JsonElement>($"/tasks/{id}/result");

    private Task EndAsync(string id, string status) => UntilAsync(id, task => task.GetProperty("status").GetString() == status, $"it is {status}");

    private async Task UntilAsync(string id, Func<JsonElement, bool> condition, string claim)
    {
        var last = default(JsonElement);
        await Answering.TrueAsync(async () => condition(last = await TaskAsync(id)), TimeSpan.FromSeconds(60), () => $"{claim}; it is {last}{Environment.NewLine}{Stack.Output}");
    }

    private async Task BreakerAsync(string state)
    {
        var last = default(JsonElement);
        await Answering.TrueAsync(
            async () => (last = await Stack.Client.GetFromJsonAsync<JsonElement>("/api/v1/models")).GetProperty("providers").EnumerateArray().Single(provider => provider.GetProperty("name").GetString() == "ollama").GetProperty("breaker").GetString() == state,
            TimeSpan.FromSeconds(30),
            () => $"the breaker is {state}; {last}");
    }
}
