using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Stack.Contracts;
using Stack.Engine;
using static Stack.Tests.Orchestrator.Gateway.ScriptedProvider;

namespace Stack.Tests.Orchestrator.Gateway.Journal;

public sealed class CallJournalTests
{
    [Fact]
    public async Task Chat_NextAttemptAsksTheSame_GetsTheAnswerForNothing()
    {
        await using var cloud = await StartAsync();
        cloud.Then("/v1/chat/completions", OpenAiText("First.", 1_000, 100)).Then("/v1/chat/completions", OpenAiText("Second.", 1_000, 100));
        await using var host = await PaidAsync(cloud);
        var workflow = await host.BeginWorkflowAsync();

        Assert.Equal(("First.", "recorded"), await host.AskAsync(workflow, 1, "Hello", "gpt"));
        var (spent, _) = await SpentAsync(host, workflow);
        Assert.Equal(("First.", "replayed"), await host.AskAsync(workflow, 2, "Hello", "gpt"));

        Assert.Single(cloud.Asked);
        Assert.Equal((spent, 1), await SpentAsync(host, workflow));
        Assert.Equal(0.003m, spent);
        Assert.Equal(("Second.", "recorded"), await host.AskAsync(workflow, 2, "Something else", "gpt"));
    }

    [Fact]
    public async Task Chat_SameAttemptAsksTwice_AreTwoCallsAndTheNextAttemptGetsBoth()
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Then("/api/chat", OllamaText("First.")).Then("/api/chat", OllamaText("Second.")).Then("/api/chat", OllamaText("Third."));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));
        var workflow = await host.BeginWorkflowAsync();

        Assert.Equal(("First.", "recorded"), await host.AskAsync(workflow, 1, "Hello"));
        Assert.Equal(("Second.", "recorded"), await host.AskAsync(workflow, 1, "Hello"));
        Assert.Equal(("First.", "replayed"), await host.AskAsync(workflow, 2, "Hello"));
        Assert.Equal(("Second.", "replayed"), await host.AskAsync(workflow, 2, "Hello"));
        Assert.Equal(("Third.", "recorded"), await host.AskAsync(workflow, 2, "Hello"));
        Assert.Equal(("First.", "replayed"), await host.AskAsync(workflow, 1, "Hello"));
    }

    [Fact]
    public async Task Chat_OtherStepStageOrWorkflow_IsAnotherCall()
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Always("/api/chat", OllamaText("Hi."));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));
        var (one, other) = (await host.BeginWorkflowAsync(), await host.BeginWorkflowAsync());

        Assert.Equal("recorded", (await host.AskAsync(one, 1, "Hello")).Journal);
        Assert.Equal("recorded", (await host.AskAsync(one, 1, "Hello", step: "iteration-1/1")).Journal);
        Assert.Equal("replayed", (await host.AskAsync(one, 2, "Hello", step: "iteration-1/1")).Journal);
        Assert.Equal("recorded", (await host.AskAsync(other, 1, "Hello")).Journal);
    }

    [Fact]
    public async Task Chat_WorkflowThatIsNotThere_IsNotJournaled()
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Always("/api/chat", OllamaText("Hi."));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        Assert.Equal(("Hi.", null), await host.AskAsync(WorkflowId.New(TimeProvider.System), 1, "Hello"));
        Assert.Equal(200, (await host.ChatAsync("tiny", "Hello", null, ("Stack-Workflow", (await host.BeginWorkflowAsync()).ToString()))).Status);
        Assert.Equal(2, ollama.Asked.Count(request => request.Path == "/api/chat"));
    }

    [Fact]
    public async Task Chat_TwentyAtOnce_ShareAnswersOfTheProvider()
    {
        await using var cloud = await StartAsync();
        var asked = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        cloud.Always("/v1/chat/completions", async (context, body) =>
        {
            asked.TrySetResult();
            await go.Task;
            await OpenAiText("Hi.", 1_000, 100)(context, body);
        });
        await using var host = await PaidAsync(cloud);
        var workflow = await host.BeginWorkflowAsync();

        var calls = Enumerable.Range(0, 20).Select(number => host.AskAsync(workflow, 1, "Hello", "gpt", stream: number % 2 == 1)).ToList();
        await asked.Task;
        go.SetResult();
        var answers = await Task.WhenAll(calls);

        Assert.All(answers, answer => Assert.Contains("Hi.", answer.Said, StringComparison.Ordinal));

        // What reached the gateway only after the first was answered is another call.
        Assert.InRange(cloud.Asked.Count, 1, calls.Count / 2);
        Assert.Equal(0.003m * cloud.Asked.Count, (await SpentAsync(host, workflow)).Money);
    }

    [Fact]
    public async Task Chat_NobodyWaitsAnyMore_TheProviderIsStopped()
    {
        await using var cloud = await StartAsync();
        var asked = new TaskCompletionSource();
        var left = new TaskCompletionSource();
        cloud.Then("/v1/chat/completions", async (context, _) =>
        {
            context.RequestAborted.Register(() => left.TrySetResult());
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        await using var host = await PaidAsync(cloud);
        var workflow = await host.BeginWorkflowAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent("""{"model":"gpt","messages":[{"role":"user","content":"Hello"}]}""", null, "application/json"),
        };
        request.Headers.Add("Stack-Workflow", workflow.ToString());
        request.Headers.Add("Stack-Stage", "build");
        using var leaving = new CancellationTokenSource();

        var call = host.Client.SendAsync(request, leaving.Token);
        await asked.Task;
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await left.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Chat_Stream_IsJournaledWithThoughtsAndToolCalls()
    {
        await using var ollama = await StartOllamaAsync("tiny:latest", 8192, "tools");
        ollama.Then("/api/chat", Lines([
            """{"message":{"role":"assistant","thinking":"Hm.","content":""},"done":false}""",
            """{"message":{"role":"assistant","content":"Let me see. "},"done":false}""",
            """{"message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"look","arguments":{"at":"README.md"}}}]},"done":false}""",
            """{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":20,"eval_count":5}""",
        ]));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));
        var workflow = await host.BeginWorkflowAsync();
        var more = new { tools = new[] { new { type = "function", function = new { name = "look", parameters = new { type = "object" } } } } };
        (string, string)[] headers = [("Stack-Workflow", workflow.ToString()), ("Stack-Stage", "build")];

        var first = await host.ChatAsync("tiny", "Look", more, [.. headers, ("Stack-Attempt", "1")]);
        var again = await host.ChatAsync("tiny", "Look", more, [.. headers, ("Stack-Attempt", "2")]);

        var (one, two) = (first.Body.GetProperty("choices")[0], again.Body.GetProperty("choices")[0]);
        Assert.Equal("Hm.", one.GetProperty("message").GetProperty("reasoning_content").GetString());
        Assert.Equal("look", first.Call().Name);
        Assert.Equal(one.GetRawText(), two.GetRawText());
        Assert.Equal(first.Body.GetProperty("usage").GetRawText(), again.Body.GetProperty("usage").GetRawText());
        Assert.Single(ollama.Asked, request => request.Path == "/api/chat");
    }

    [Fact]
    public async Task Chat_Failed_IsAskedAgain()
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Then("/api/chat", Json("""{"error":"out of memory"}""", 500))
            .Then("/api/chat", Lines(["""{"message":{"role":"assistant","content":"Half"},"done":false}"""], "break"))
            .Then("/api/chat", OllamaText("Whole."));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));
        var workflow = await host.BeginWorkflowAsync();

        Assert.Equal(("provider_unavailable", null), await host.AskAsync(workflow, 1, "Hello"));
        Assert.Contains("provider_cut", (await host.AskAsync(workflow, 1, "Hello", stream: true)).Said, StringComparison.Ordinal);
        Assert.Equal(("Whole.", "recorded"), await host.AskAsync(workflow, 1, "Hello"));
        Assert.Equal(("Whole.", "replayed"), await host.AskAsync(workflow, 2, "Hello"));
    }

    [Theory]
    [InlineData("/v1/responses", """{"model":"tiny","input":"Hello"}""")]
    [InlineData("/api/chat", """{"model":"tiny","stream":false,"messages":[{"role":"user","content":"Hello"}]}""")]
    [InlineData("/api/generate", """{"model":"tiny","stream":false,"prompt":"Hello"}""")]
    public async Task OtherProtocols_NextAttempt_IsReplayedToo(string path, string body)
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Then("/api/chat", OllamaText("Hi there."));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));
        (string, string)[] headers = [("Stack-Workflow", (await host.BeginWorkflowAsync()).ToString()), ("Stack-Stage", "build")];

        foreach (var attempt in new[] { "1", "2" })
        {
            var (status, answer) = await host.PostAsync(path, body, [.. headers, ("Stack-Attempt", attempt)]);
            Assert.Equal(200, status);
            Assert.Contains("Hi there.", answer.GetRawText(), StringComparison.Ordinal);
        }

        Assert.Single(ollama.Asked, request => request.Path == "/api/chat");
    }

    [Fact]
    public async Task Chat_InAReplay_AnswersWhatWasGivenAndRefusesEverythingElse()
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Then("/api/chat", OllamaText("Workflow.")).Then("/api/chat", Json("""{"error":"out of memory"}""", 500));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));
        var source = await host.BeginWorkflowAsync();
        Assert.Equal("Workflow.", (await host.AskAsync(source, 1, $"The folder of {source}, please")).Said);
        Assert.Equal("provider_unavailable", (await host.AskAsync(source, 1, "Something that fails")).Said);
        var replay = await host.BeginWorkflowAsync(new WorkflowOrigin { Kind = WorkflowOriginKind.Replay, Of = source });
        var journal = host.Services.GetRequiredService<IModelJournal>();
        var calls = await journal.ListCallsAsync(source, isGiven: false, 10, CancellationToken.None);
        var contents = await journal.LoadContentsAsync(source, [.. calls.SelectMany(call => call.Request.Append(call.Answer))], CancellationToken.None);
        await journal.ImportCallsAsync(replay, calls, [.. contents.Select(content => new JournalContent(content.Key, content.Value))], CancellationToken.None);
        await ollama.DisposeAsync();

        // Its own id in place of the other's is the same question.
        Assert.Equal(("Workflow.", "replayed"), await host.AskAsync(replay, 1, $"The folder of {replay}, please"));
        Assert.Equal("provider_unavailable", (await host.AskAsync(replay, 1, "Something that fails")).Said);
        var miss = await host.ChatAsync("tiny", $"The folder of {replay}, now", null, ("Stack-Workflow", replay.ToString()), ("Stack-Stage", "build"), ("Stack-Attempt", "1"));

        Assert.Equal((409, "journal_miss"), (miss.Status, miss.Code()));
        Assert.Contains($"Workflow {replay} replays {source}, whose journal has no answer for call", miss.Message(), StringComparison.Ordinal);
        Assert.Contains("differs in message 1: recorded", miss.Message(), StringComparison.Ordinal);
        Assert.Contains("please", miss.Message(), StringComparison.Ordinal);
        Assert.Equal(2, (await journal.ListCallsAsync(replay, isGiven: false, 10, CancellationToken.None)).Count);
        var usage = await host.Client.GetStringAsync($"/api/v1/usage?workflow={replay}");
        Assert.Equal(2, JsonDocument.Parse(usage).RootElement.GetProperty("budgets")[0].GetProperty("replayed").GetInt64());
    }

    [Fact]
    public async Task Chat_InAFork_AsksTheForksModelAndSaysSo()
    {
        await using var ollama = await StartOllamaAsync("other:latest");
        ollama.Always("/api/chat", OllamaText("From the other."));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));
        var fork = await host.BeginWorkflowAsync(new WorkflowOrigin { Kind = WorkflowOriginKind.Fork, Of = WorkflowId.New(TimeProvider.System), FromStage = "build", Model = "other" });

        Assert.Equal(("From the other.", "recorded"), await host.AskAsync(fork, 1, "Hello", "builtin"));
        var call = Assert.Single(await host.Services.GetRequiredService<IModelJournal>().ListCallsAsync(fork, isGiven: false, 10, CancellationToken.None));
        Assert.Equal(("other", "other:latest"), (call.Asked, call.Model));
    }

    private static Task<GatewayHost> PaidAsync(ScriptedProvider cloud) => GatewayHost.StartAsync($$"""
        providers: {cloud: {kind: openai, url: "{{cloud.Address}}v1", local: false, retries: 0} }
        models: {gpt: {provider: cloud, price: {input: 2, output: 10} } }
        """);

    private static async Task<(decimal Money, long Replayed)> SpentAsync(GatewayHost host, WorkflowId workflow)
    {
        var lines = JsonDocument.Parse(await host.Client.GetStringAsync($"/api/v1/usage?workflow={workflow}")).RootElement.GetProperty("budgets").EnumerateArray().ToList();
        Assert.Equal([$"workflow/{workflow}", $"workflow/{workflow}/stage/build"], lines.Select(line => line.GetProperty("key").GetString()));
        Assert.All(lines, line => Assert.Equal(0, line.GetProperty("reserved").GetProperty("money").GetDecimal()));
        return (lines[0].GetProperty("spent").GetProperty("money").GetDecimal(), lines[0].GetProperty("replayed").GetInt64());
    }
}
