using System.Net;
using System.Text.Json;
using Stack.Contracts;
using Stack.Tests.Orchestrator.Api;

namespace Stack.Tests.Orchestrator.Workspaces;

public sealed class GitHttpTests : IAsyncLifetime
{
    private const string JoinToken = "join-token-0123456789";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("git-");
    private OrchestratorHost _host = null!;
    private TestAgent _agent = null!;
    private TaskEnvelope _task = null!;
    private string _clone = "";

    public async Task InitializeAsync()
    {
        _host = await OrchestratorHost.StartAsync("Stack:AgentToken=" + JoinToken, "Stack:Workspaces:MaxPushMegabytes=1");
        _agent = await TestAgent.RegisterAsync(_host, "scaffold", JoinToken);
        await _host.SubmitAsync("app", "A calculator");
        _task = await _agent.ClaimOneAsync();
        _clone = Path.Combine(_folder.FullName, "clone");
        var url = new Uri(_host.Address, _task.Workspace!.Url).ToString();

        // Branches follow the results that count a moment later; an agent fetches its base commit by name instead of waiting.
        await Eventually.TrueAsync(async () => (await GitProcess.RunAsync(_folder.FullName, "ls-remote", url, "refs/heads/main", "refs/heads/work")).Split('\n').Length == 2, () => "the branches are there", TimeSpan.FromSeconds(30));
        await GitProcess.RunAsync(_folder.FullName, "clone", "-q", url, _clone);
    }

    public async Task DisposeAsync()
    {
        await _agent.DisposeAsync();
        await _host.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Clone_Plain_ChecksOutTheWorkBranchAndHidesAttempts()
    {
        Assert.Equal("work", await GitProcess.RunAsync(_clone, "branch", "--show-current"));
        Assert.Equal(_task.Workspace!.BaseCommit, await GitProcess.RunAsync(_clone, "rev-parse", "HEAD"));
        Assert.Equal("origin/HEAD\norigin/main\norigin/work", await GitProcess.RunAsync(_clone, "branch", "-r", "--format=%(refname:short)"));
        Assert.Equal("# A calculator\n\nA calculator\n", await File.ReadAllTextAsync(Path.Combine(_clone, "REQUIREMENTS.md")));
    }

    [Fact]
    public async Task Push_AttemptBranchWithTheAgentsToken_CountsWithTheResult()
    {
        var commit = await CommitAsync("Program.cs", "// program");
        var (exitCode, _, error) = await PushAsync($"HEAD:refs/heads/{_task.Workspace!.AttemptBranch}", _agent.Registered.Token!);
        Assert.True(exitCode == 0, error);
        var change = new WorkspaceChange { Commit = commit };
        Assert.Equal(ReceiptStatus.Accepted, (await _agent.ReportAsync(_task.TaskId, new StageOutcome.Completed(), change)).Status);

        // The built-in definition checks that something was written.
        var shown = await _host.UntilAsync(_task.TaskId.WorkflowId, workflow => workflow.Stages!.Any(stage => stage is { Name: "scaffolding", Status: StageStatus.Completed }), "the stage is completed");
        var stage = shown.Stages!.Single(stage => stage.Name == "scaffolding");
        Assert.True(stage.Status is StageStatus.Completed, JsonSerializer.Serialize(stage, StackJson.Options));
        Assert.Equal((commit, commit), (shown.HeadCommit, stage.Commit));
        await Eventually.TrueAsync(async () => (await GitProcess.RunAsync(_clone, "ls-remote", "origin", "refs/heads/work")).StartsWith(commit, StringComparison.Ordinal), () => "the work branch follows", TimeSpan.FromSeconds(30));
        Assert.Contains("+// program", await _host.Client.GetStringAsync($"/api/v1/workflows/{_task.TaskId.WorkflowId}/diff"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_CommitOfAnAttemptByName_NeedsNoBranch()
    {
        var commit = await CommitAsync("a.txt", "a");
        var branch = "refs/heads/" + _task.Workspace!.AttemptBranch;
        Assert.Equal(0, (await PushAsync("HEAD:" + branch, _agent.Registered.Token!)).ExitCode);
        var other = Path.Combine(_folder.FullName, "other");
        Directory.CreateDirectory(other);
        await GitProcess.RunAsync(other, "init", "-q");
        await GitProcess.RunAsync(other, "fetch", "-q", new Uri(_host.Address, _task.Workspace.Url).ToString(), $"+{commit}:refs/stack/base");
        Assert.Equal(commit, await GitProcess.RunAsync(other, "rev-parse", "refs/stack/base"));
    }

    [Theory]
    [InlineData("HEAD:refs/heads/main")]
    [InlineData("HEAD:refs/heads/work")]
    [InlineData("HEAD:refs/tags/v1")]
    [InlineData("HEAD:refs/stack/base")]
    public async Task Push_AnotherReference_IsRefusedWithTheReason(string reference)
    {
        await CommitAsync("a.txt", "a");
        var (exitCode, _, error) = await PushAsync(reference, _agent.Registered.Token!);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("[remote rejected]", error, StringComparison.Ordinal);
        Assert.Contains("only refs/heads/attempts/STAGE/ATTEMPT can be pushed", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_DeletionOfAnAttempt_IsRefused()
    {
        await CommitAsync("a.txt", "a");
        var branch = "refs/heads/" + _task.Workspace!.AttemptBranch;
        Assert.Equal(0, (await PushAsync("HEAD:" + branch, _agent.Registered.Token!)).ExitCode);
        var (exitCode, _, error) = await PushAsync(":" + branch, _agent.Registered.Token!);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("branches of attempts are not deleted", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wrong", "Authentication failed")]
    [InlineData(JoinToken, "403")]
    public async Task Push_WithoutAnAgentsToken_IsRefused(string token, string said)
    {
        await CommitAsync("a.txt", "a");
        var (exitCode, _, error) = await PushAsync($"HEAD:refs/heads/{_task.Workspace!.AttemptBranch}", token);
        Assert.NotEqual(0, exitCode);
        Assert.Contains(said, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_LargerThanAllowed_IsRefusedByGit()
    {
        await File.WriteAllBytesAsync(Path.Combine(_clone, "large.bin"), Enumerable.Range(0, 2_000_000).Select(_ => (byte)Random.Shared.Next()).ToArray());
        await GitProcess.RunAsync(_clone, "add", "-A");
        await GitProcess.RunAsync(_clone, "commit", "-qm", "large");
        var (exitCode, _, error) = await PushAsync($"HEAD:refs/heads/{_task.Workspace!.AttemptBranch}", _agent.Registered.Token!);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("exceeds maximum", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clone_UnknownRepository_IsNotFound()
    {
        await _host.Client.GetAsync($"/git/{WorkflowId.New(TimeProvider.System)}.git/info/refs?service=git-upload-pack").ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        await _host.Client.GetAsync($"/git/nonsense.git/info/refs?service=git-upload-pack").ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        await _host.Client.GetAsync($"/git/{_task.TaskId.WorkflowId}.git/info/refs").ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
    }

    private async Task<string> CommitAsync(string file, string text)
    {
        await File.WriteAllTextAsync(Path.Combine(_clone, file), text);
        await GitProcess.RunAsync(_clone, "add", "-A");
        await GitProcess.RunAsync(_clone, "commit", "-qm", "Add " + file);
        return await GitProcess.RunAsync(_clone, "rev-parse", "HEAD");
    }

    private Task<(int ExitCode, string Output, string Error)> PushAsync(string reference, string token)
    {
        var url = new UriBuilder(new Uri(_host.Address, _task.Workspace!.Url)) { UserName = "agent", Password = token };
        return GitProcess.TryAsync(_clone, "push", url.Uri.ToString(), reference);
    }
}
