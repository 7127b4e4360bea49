using System.Net;
using System.Text.Json;
using Stack.Contracts;
using Stack.Tests.Orchestrator.Api;

namespace Stack.Tests.Orchestrator.Workspaces;

public sealed class WorkspaceSeedTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("seed-");
    private OrchestratorHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await OrchestratorHost.StartAsync("Stack:Workspaces:RepositoryRoots:0=" + _folder.FullName);
        await _host.Client.PostAsync("/api/v1/definitions", Answers.Yaml("name: begin\nstages: [{name: initialization, agent: initialization, retry: {max_attempts: 1}}]"))
            .ValueAsync<DefinitionResource>(HttpStatusCode.Created);
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Plant_NoRepositoryGiven_BeginsWithTheRequirements()
    {
        var workflow = await RunAsync("""{"answer":42}""");
        Assert.Equal((WorkflowStatus.Completed, null), (workflow.Status, workflow.Error?.Message));
        var output = workflow.StageOutputs!["initialization"].ToElement();
        Assert.Equal(workflow.HeadCommit, output.GetProperty("commit").GetString());
        using var described = JsonDocument.Parse(await _host.Client.GetStringAsync($"/api/v1/workflows/{workflow.Id}/files/.stack/workflow.json"));
        Assert.Equal(42, described.RootElement.GetProperty("input").GetProperty("answer").GetInt32());
        Assert.Equal(workflow.Id.ToString(), described.RootElement.GetProperty("workflow_id").GetString());
    }

    [Theory]
    [InlineData("main", "1")]
    [InlineData(null, "2")]
    public async Task Plant_RepositoryUnderAnAllowedFolder_BeginsThere(string? reference, string content)
    {
        var source = Path.Combine(_folder.FullName, "source");
        Directory.CreateDirectory(source);
        await GitProcess.RunAsync(source, "init", "-q");
        await CommitAsync(source, "1");
        await GitProcess.RunAsync(source, "checkout", "-qb", "later");
        await CommitAsync(source, "2");
        var workflow = await RunAsync(JsonSerializer.Serialize(new { repository = source, @ref = reference }));
        Assert.Equal(WorkflowStatus.Completed, workflow.Status);
        Assert.Equal(content, await _host.Client.GetStringAsync($"/api/v1/workflows/{workflow.Id}/files/file.txt"));
    }

    [Theory]
    [InlineData("/etc", "repository_refused")]
    [InlineData("relative", "repository_refused")]
    [InlineData("ext::sh -c touch% /tmp/pwned", "repository_refused")]
    [InlineData("ssh://host/x.git", "repository_refused")]
    [InlineData("--upload-pack=x", "repository_refused")]
    [InlineData("http://127.0.0.1:1/none.git", "repository_unreadable")]
    public async Task Plant_RepositoryThatIsNotAllowedOrThere_FailsAsAMistakeOfTheInput(string repository, string code)
    {
        var workflow = await RunAsync(JsonSerializer.Serialize(new { repository }));
        Assert.Equal((WorkflowStatus.Failed, code, ErrorCategory.Validation), (workflow.Status, workflow.Error!.Code, workflow.Error.Category));
        Assert.Contains(repository, workflow.Error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(workflow.Error.SuggestedAction!);
    }

    [Fact]
    public async Task Plant_LinkOutOfAnAllowedFolder_IsRefused()
    {
        var link = Path.Combine(_folder.FullName, "link");
        Directory.CreateSymbolicLink(link, "/etc");
        Assert.Equal("repository_refused", (await RunAsync(JsonSerializer.Serialize(new { repository = link }))).Error!.Code);
    }

    private static async Task CommitAsync(string source, string content)
    {
        await File.WriteAllTextAsync(Path.Combine(source, "file.txt"), content);
        await GitProcess.RunAsync(source, "add", "-A");
        await GitProcess.RunAsync(source, "commit", "-qm", content);
    }

    private async Task<WorkflowResource> RunAsync(string input)
    {
        var request = new SubmitWorkflowRequest { ProjectRequirements = "Begin", Definition = "begin", Input = JsonPayload.Parse(input) };
        var workflow = await _host.Client.PostAsync("/api/v1/workflows", Answers.Of(request)).ValueAsync<WorkflowResource>(HttpStatusCode.Created);
        return await _host.UntilAsync(workflow.Id, shown => shown.CompletedAt is not null, "it ends");
    }
}
