using System.Net.Http.Json;
using System.Text.Json;
using Stack.Contracts;
using Stack.Tests.Orchestrator.Workspaces;

namespace Stack.Tests.Orchestrator.Api.Replays;

/// <summary>Agents that ask a model, write what it says into a file named like their stage, commit and push it: as our own do, in a few lines. And one that deploys nothing.</summary>
internal sealed class WritingCrew : IAsyncDisposable
{
    public const string Definition = """
        name: writing
        stages:
          - {name: initialization, agent: initialization}
          - {name: write, agent: writer, needs: [initialization], retry: {max_attempts: 1}}
          - {name: check, agent: writer, needs: [write], approval: {prompt: Shall it be checked?}, retry: {max_attempts: 1}}
          - {name: ship, agent: deployment, needs: [check], workspace: false}
        """;

    private readonly OrchestratorHost _host;
    private readonly CancellationTokenSource _stop = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("crew-");
    private readonly List<TestAgent> _agents;
    private readonly List<Task> _work;

    private WritingCrew(OrchestratorHost host, List<TestAgent> agents)
    {
        (_host, _agents) = (host, agents);
        _work = [.. agents.Select(agent => Task.Run(() => WorkAsync(agent)))];
    }

    /// <summary>What is asked for a stage.</summary>
    public Func<TaskEnvelope, string> Question { get; set; } = task => $"Please {task.TaskId.Stage} {task.WorkflowContext.Requirements} in {task.TaskId.WorkflowId}";

    /// <summary>The tasks that were given out.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<TaskEnvelope> Tasks { get; } = [];

    public static async Task<WritingCrew> StartAsync(OrchestratorHost host)
    {
        List<TestAgent> agents = [await TestAgent.RegisterAsync(host, "writer"), await TestAgent.RegisterAsync(host, "deployment")];
        return new WritingCrew(host, agents);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_work);
        foreach (var agent in _agents)
        {
            await agent.DisposeAsync();
        }

        _folder.Delete(recursive: true);
        _stop.Dispose();
    }

    private async Task WorkAsync(TestAgent agent)
    {
        while (!_stop.IsCancellationRequested)
        {
            foreach (var task in await agent.ClaimAsync(waitMs: 200))
            {
                Tasks.Enqueue(task);
                var (outcome, change) = agent.Type == "writer" ? await WriteAsync(task) : (new StageOutcome.Completed { Output = JsonPayload.Parse("""{"shipped":true}""") }, null);
                await agent.ReportAsync(task.TaskId, outcome, change);
            }
        }
    }

    private async Task<(StageOutcome Outcome, WorkspaceChange? Change)> WriteAsync(TaskEnvelope task)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = Answers.Json(JsonSerializer.Serialize(new { model = "fast", messages = new[] { new { role = "user", content = Question(task) } } })),
        };
        request.Headers.Add("Stack-Workflow", task.TaskId.WorkflowId.ToString());
        request.Headers.Add("Stack-Stage", task.TaskId.Stage);
        request.Headers.Add("Stack-Attempt", $"{task.TaskId.Attempt}");
        using var response = await _host.Client.SendAsync(request);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        if (!response.IsSuccessStatusCode)
        {
            var error = answer.GetProperty("error");
            return (new StageOutcome.Failed { Error = new StructuredError { Code = error.GetProperty("code").GetString() ?? "model_call_refused", Message = error.GetProperty("message").GetString()!, Retryable = false } }, null);
        }

        var text = answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
        var folder = Path.Combine(_folder.FullName, $"{task.TaskId.WorkflowId}-{task.TaskId.Stage}-{task.TaskId.Attempt}");
        await GitProcess.RunAsync(_folder.FullName, "clone", "-q", task.Workspace!.Path!, folder);
        await GitProcess.RunAsync(folder, "fetch", "-q", "origin", task.Workspace.BaseCommit!);
        await GitProcess.RunAsync(folder, "checkout", "-q", task.Workspace.BaseCommit!);
        await File.WriteAllTextAsync(Path.Combine(folder, $"{task.TaskId.Stage}.txt"), text);
        await GitProcess.RunAsync(folder, "add", ".");
        await GitProcess.RunAsync(folder, "commit", "-qm", task.TaskId.Stage);
        await GitProcess.RunAsync(folder, "push", "-q", "origin", $"HEAD:refs/heads/{task.Workspace.AttemptBranch}");
        var commit = await GitProcess.RunAsync(folder, "rev-parse", "HEAD");
        return (new StageOutcome.Completed { Output = JsonPayload.From(new { text }) }, new WorkspaceChange { Commit = commit });
    }
}
