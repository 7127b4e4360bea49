using System.Net;
using Stack.Checks.Processes;
using Stack.Cli;
using Stack.Contracts;
using Stack.Tests.Orchestrator.Cli;
using Stack.Tests.Orchestrator.Gateway;
using Stack.Tests.Orchestrator.Workspaces;
using static Stack.Tests.Orchestrator.Gateway.ScriptedProvider;

namespace Stack.Tests.Orchestrator.Api.Replays;

public sealed class ReplaysTests : IAsyncLifetime
{
    private OrchestratorHost _host = null!;
    private ScriptedProvider _ollama = null!;
    private WritingCrew _crew = null!;

    private int Calls => _ollama.Asked.Count(request => request.Path == "/api/chat");

    public async Task InitializeAsync()
    {
        _ollama = await StartOllamaAsync();
        (_host, _crew) = await BeginAsync($"OLLAMA_BASE_URL={_ollama.Address}", $"Stack:Workspaces:RepositoryRoots:0={Path.GetTempPath()}");
    }

    public async Task DisposeAsync()
    {
        await _crew.DisposeAsync();
        await _host.DisposeAsync();
        await _ollama.DisposeAsync();
    }

    [Fact]
    public async Task Replay_CompletedWorkflow_ComesToTheSameWithoutAModel()
    {
        var source = await RunAsync("Written.", "Checked.");

        var outcome = await StackAsync(_host, "replay", $"{source.Id}");

        Assert.True(outcome.Code == ExitCode.Completed, outcome.Out + outcome.Error);
        Assert.Contains("same: 2 of 2 recorded calls were made again, the replay is completed", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("Left out, because they act on more than the workspace: ship.", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(2, Calls);
        var replay = (await _host.Client.GetAsync("/api/v1/workflows?limit=1").ValueAsync<WorkflowList>()).Workflows[0];
        Assert.Equal((WorkflowOriginKind.Replay, source.Id), (replay.Origin!.Kind, replay.Origin.Of));
        var usage = await _host.Client.GetAsync($"/api/v1/usage?workflow={replay.Id}").ValueAsync<UsageList>();
        Assert.Equal((0, 0, 2), (usage.Budgets[0].Spent.Money, usage.Budgets[0].Spent.Calls, usage.Budgets[0].Replayed));
        var calls = await _host.Client.GetAsync($"/api/v1/workflows/{replay.Id}/calls").ValueAsync<RecordedCallList>();
        Assert.Equal([("write", "tiny:latest", 1), ("check", "tiny:latest", 1)], calls.Calls.Select(call => (call.Stage, call.Model, call.Replays)));

        // A replay is a workflow like others, and can itself be replayed.
        Assert.Equal(ExitCode.Completed, (await StackAsync(_host, "replay", "last", "--json")).Code);
    }

    [Fact]
    public async Task Replay_AgentAsksSomethingElse_IsDifferentAndNamesTheCall()
    {
        var source = await RunAsync("Written.", "Checked.");
        _crew.Question = task => $"Kindly {task.TaskId.Stage} it";

        var outcome = await StackAsync(_host, "replay", $"{source.Id}");

        Assert.Equal(ExitCode.Failed, outcome.Code);
        Assert.Contains("different: 0 of 2 recorded calls were made again, the replay is failed", outcome.Out, StringComparison.Ordinal);
        Assert.Matches(@"stage +write +completed +failed \(journal_miss\)", outcome.Out);
        Assert.Matches(@"call +write/[0-9a-f]{12} +asked fast +was not made", outcome.Out);
        Assert.Matches(@"file +write.txt +[0-9a-f]{12} +nothing", outcome.Out);
        var replay = await _host.ShowAsync((await _host.Client.GetAsync("/api/v1/workflows?limit=1").ValueAsync<WorkflowList>()).Workflows[0].Id);
        Assert.Contains("differs in message 1: recorded '", replay.Error!.Message, StringComparison.Ordinal);
        Assert.Contains("Kindly write it", replay.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Record_FailedWorkflow_IsARegressionTestOnAnotherMachine()
    {
        _ollama.Then("/api/chat", OllamaText("Written.")).Then("/api/chat", Json("""{"error":"model is broken"}""", 400));
        var source = await FinishAsync((await _host.SubmitAsync("writing")).Id);
        Assert.Equal((WorkflowStatus.Failed, "check"), (source.Status, source.Stages!.Single(stage => stage.Status is StageStatus.Failed).Name));
        var file = Path.Combine(_host.Folder, "regression", "broken.json");
        Assert.Equal(ExitCode.Completed, (await StackAsync(_host, "record", $"{source.Id}", "-o", file)).Code);
        await _ollama.DisposeAsync();
        var (elsewhere, crew) = await BeginAsync();
        await using var host = elsewhere;
        await using var others = crew;

        var same = await StackAsync(host, "replay", "--file", file);
        var repaired = await StackAsync(host, "replay", "--file", file, "--expect", "completed");
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("Written.", "Changed.", StringComparison.Ordinal));
        var changed = await StackAsync(host, "replay", "--file", file);

        Assert.True(same.Code == ExitCode.Completed, same.Out + same.Error);
        Assert.Contains("same: 2 of 2 recorded calls were made again, the replay is failed", same.Out, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, repaired.Code);
        Assert.Equal(ExitCode.Usage, changed.Code);
        Assert.Contains("the recording was changed", changed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Record_WorkflowThatBeganWithARepository_BringsItAlong()
    {
        var repository = Path.Combine(_host.Folder, "repository");
        Directory.CreateDirectory(repository);
        await GitProcess.RunAsync(repository, "init", "-q");
        await File.WriteAllTextAsync(Path.Combine(repository, "begin.txt"), "Here.");
        await GitProcess.RunAsync(repository, "add", ".");
        await GitProcess.RunAsync(repository, "commit", "-qm", "begin");
        _ollama.Then("/api/chat", OllamaText("Written.")).Then("/api/chat", OllamaText("Checked."));
        var request = new SubmitWorkflowRequest { Requirements = "Go on", Definition = "writing", Input = JsonPayload.From(new { repository }) };
        var source = await FinishAsync((await _host.Client.PostAsync("/api/v1/workflows", Answers.Of(request)).ValueAsync<WorkflowResource>(HttpStatusCode.Created)).Id);
        Assert.True(source.Status is WorkflowStatus.Completed, source.Reason);
        var file = Path.Combine(_host.Folder, "with-repository.json");
        Assert.Equal(ExitCode.Completed, (await StackAsync(_host, "record", $"{source.Id}", "-o", file)).Code);
        Folders.Remove(repository);
        var (elsewhere, crew) = await BeginAsync();
        await using var host = elsewhere;
        await using var others = crew;

        var same = await StackAsync(host, "replay", "--file", file);

        Assert.True(same.Code == ExitCode.Completed, same.Out + same.Error);
        var replay = (await host.Client.GetAsync("/api/v1/workflows?limit=1").ValueAsync<WorkflowList>()).Workflows[0];
        Assert.Equal("Here.", await host.Client.GetStringAsync($"/api/v1/workflows/{replay.Id}/files/begin.txt"));
        Assert.Equal("Written.", await host.Client.GetStringAsync($"/api/v1/workflows/{replay.Id}/files/write.txt"));
    }

    [Fact]
    public async Task Fork_FromAStage_TakesOverWhatCameBeforeAndAsksTheOtherModel()
    {
        var source = await RunAsync("Written.", "Checked.");
        _ollama.Then("/api/chat", OllamaText("Checked by another."));

        var outcome = await StackAsync(_host, "fork", $"{source.Id}", "--from", "check", "--model", "tiny", "--name", "again", "--json");
        Assert.Equal(ExitCode.Completed, outcome.Code);
        var fork = (await _host.Client.GetAsync("/api/v1/workflows?limit=1").ValueAsync<WorkflowList>()).Workflows[0];
        Assert.Equal(("again", source.Stages!.Single(stage => stage.Name == "write").Commit), (fork.Name, fork.HeadCommit));
        var done = await FinishAsync(fork.Id);

        Assert.Equal(WorkflowStatus.Completed, done.Status);
        Assert.Equal(source.StageOutputs!["write"], done.StageOutputs!["write"]);
        Assert.Equal("""{"text":"Checked by another."}""", done.StageOutputs["check"].ToString());
        Assert.Equal(["initialization", "write"], done.Origin!.TakenOver);
        Assert.Equal("Written.", await _host.Client.GetStringAsync($"/api/v1/workflows/{fork.Id}/files/write.txt"));
        Assert.Equal("Checked by another.", await _host.Client.GetStringAsync($"/api/v1/workflows/{fork.Id}/files/check.txt"));
        Assert.Contains("+Written.", await _host.Client.GetStringAsync($"/api/v1/workflows/{fork.Id}/diff"), StringComparison.Ordinal);
        var task = _crew.Tasks.Last(task => task.TaskId.WorkflowId == fork.Id && task.TaskId.Stage == "check");
        Assert.Equal(source.StageOutputs["write"], task.WorkflowContext.StageOutputs["write"]);
        var call = Assert.Single((await _host.Client.GetAsync($"/api/v1/workflows/{fork.Id}/calls").ValueAsync<RecordedCallList>()).Calls);
        Assert.Equal(("check", "tiny"), (call.Stage, call.Asked));

        // The replay of a fork takes over what the fork took over.
        var replay = await StackAsync(_host, "replay", $"{fork.Id}");
        Assert.True(replay.Code == ExitCode.Completed, replay.Out + replay.Error);
        Assert.Contains("same: 1 of 1", replay.Out, StringComparison.Ordinal);
        await _host.Client.GetAsync($"/api/v1/workflows/{fork.Id}/recording").ProblemAsync(HttpStatusCode.Conflict, ProblemTypes.Conflict);
    }

    [Fact]
    public async Task WrongRequests_AreRefusedInWords()
    {
        var source = await _host.SubmitAsync("writing");
        var path = $"/api/v1/workflows/{source.Id}";
        Assert.Contains("has not ended", (await _host.Client.PostAsync($"{path}/replay", null).ProblemAsync(HttpStatusCode.Conflict, ProblemTypes.Conflict)).Detail, StringComparison.Ordinal);
        Assert.StartsWith("from_stage: it is missing.", (await ForkAsync("{}", HttpStatusCode.BadRequest)).Detail, StringComparison.Ordinal);
        Assert.StartsWith("from_stage: There is no stage 'nothing'.", (await ForkAsync("""{"from_stage":"nothing"}""", HttpStatusCode.BadRequest)).Detail, StringComparison.Ordinal);
        Assert.StartsWith("model: The model 'tinny' does not exist. There are: ", (await ForkAsync("""{"from_stage":"write","model":"tinny"}""", HttpStatusCode.UnprocessableEntity)).Detail, StringComparison.Ordinal);
        await _host.Client.PostAsync("/api/v1/workflows/0198c0ff-ee00-7000-8000-0000000000aa/fork", Answers.Json("""{"from_stage":"write"}""")).ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        await _host.Client.PostAsync($"{path}/cancel", null).ValueAsync<WorkflowResource>();
        Assert.Contains("is not a replay", (await _host.Client.GetAsync($"{path}/comparison").ProblemAsync(HttpStatusCode.Conflict, ProblemTypes.Conflict)).Detail, StringComparison.Ordinal);

        Task<ProblemResource> ForkAsync(string body, HttpStatusCode status) => _host.Client.PostAsync($"{path}/fork", Answers.Json(body)).ProblemAsync(status, ProblemTypes.InvalidRequest);
    }

    private static async Task<(OrchestratorHost Host, WritingCrew Crew)> BeginAsync(params string[] settings)
    {
        var host = await OrchestratorHost.StartAsync(settings);
        var crew = await WritingCrew.StartAsync(host);
        await host.Client.PostAsync("/api/v1/definitions", Answers.Yaml(WritingCrew.Definition)).ValueAsync<DefinitionResource>(HttpStatusCode.Created);
        return (host, crew);
    }

    private async Task<WorkflowResource> RunAsync(string written, string @checked)
    {
        _ollama.Then("/api/chat", OllamaText(written)).Then("/api/chat", OllamaText(@checked));
        var done = await FinishAsync((await _host.SubmitAsync("writing")).Id);
        Assert.True(done.Status is WorkflowStatus.Completed, done.Reason);
        return done;
    }

    /// <summary>Says yes to its question, and waits for its end.</summary>
    private async Task<WorkflowResource> FinishAsync(WorkflowId id)
    {
        await _host.UntilAsync(id, workflow => workflow.Status is WorkflowStatus.Waiting, "it asks");
        await _host.Client.PostAsync($"/api/v1/workflows/{id}/stages/check/approve", null).ValueAsync<WorkflowResource>();
        return await _host.UntilAsync(id, workflow => workflow.CompletedAt is not null, "it ends");
    }

    private static Task<CommandOutcome> StackAsync(OrchestratorHost host, params string[] arguments) => new StackCommand().InvokeAsync(host.Address, CancellationToken.None, arguments);
}
