using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Stack.Agents.Runtime;
using Stack.Agents.Tools;
using Stack.Contracts;
using Stack.Tests.Agents.Runtime;

namespace Stack.Tests.Agents.Tools;

public sealed class WorkspaceTests : IAsyncDisposable
{
    private const string Branch = "work";

    private readonly TemporaryFolder _folder = new();
    private readonly ProcessTool _processes;
    private readonly GitTool _git;
    private readonly string _origin;

    public WorkspaceTests()
    {
        _processes = new ProcessTool(new ProcessEnvironment(_folder.At("home"), Environment.GetEnvironmentVariables()), "test-1/git/", _folder.Path, _folder.At("t"), TimeProvider.System);
        _git = new GitTool(_processes, "scaffold");
        _origin = _folder.At("origin.git");
    }

    public async ValueTask DisposeAsync()
    {
        await _processes.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Open_EmptyRepository_FirstCommitIsPushedToTheAttemptsBranch()
    {
        await OriginAsync();
        await using var workspace = await OpenAsync(baseCommit: null);
        Assert.Null(await workspace.HeadAsync(CancellationToken.None));
        await workspace.WriteAsync("src/Program.cs", "return 0;", CancellationToken.None);

        var commit = await workspace.CommitAsync("Scaffold the project", allowEmpty: false, CancellationToken.None);
        var pushed = await workspace.PushAsync(CancellationToken.None);

        Assert.NotNull(commit);
        Assert.Equal(commit, pushed);
        Assert.Equal(commit, await OriginGitAsync("rev-parse", "refs/heads/attempts/work/1"));
        Assert.Equal("return 0;", await OriginGitAsync("show", $"{commit}:src/Program.cs"));
    }

    [Fact]
    public async Task Commit_Message_CarriesIdentityAndTrailers()
    {
        await OriginAsync();
        var task = Task(baseCommit: null);
        await using var workspace = await OpenAsync(task);
        await workspace.WriteAsync("a", "a", CancellationToken.None);
        await workspace.CommitAsync("Add a", allowEmpty: false, CancellationToken.None);

        var log = await workspace.GitAsync(["log", "-1", "--format=%an|%cn|%B"], CancellationToken.None);

        Assert.Equal(
            $"Stack scaffold agent|Stack scaffold agent|Add a\n\nStack-Workflow: {task.TaskId.WorkflowId}\nStack-Stage: work\nStack-Attempt: 1", log.TrimEnd());
    }

    [Fact]
    public async Task Commit_RepositoriesInsideTheWorkspace_KeepsTheirFiles()
    {
        await OriginAsync();
        await using var workspace = await OpenAsync(baseCommit: null);
        foreach (var path in new[] { "lib/code.c", "lib/deep er/é/code.c", "empty/code.c" })
        {
            await workspace.WriteAsync(path, path, CancellationToken.None);
        }

        foreach (var repository in new[] { "lib/deep er/é", "lib", "empty" })
        {
            await workspace.GitAsync(["init", "--quiet", repository], CancellationToken.None);
        }

        await workspace.GitAsync(["-C", "lib", "commit", "--quiet", "--allow-empty", "--message", "Begin"], CancellationToken.None);
        await workspace.CommitAsync("Add libraries", allowEmpty: false, CancellationToken.None);
        var commit = await workspace.PushAsync(CancellationToken.None);

        Assert.Equal(["empty/code.c", "lib/code.c", "lib/deep er/é/code.c"], (await OriginGitAsync("-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", commit!)).Split('\n').Order(StringComparer.Ordinal));
        await workspace.WriteAsync("later/code.c", "x", CancellationToken.None);
        await workspace.GitAsync(["init", "--quiet", "later"], CancellationToken.None);
        await workspace.RestoreAsync(commit!, CancellationToken.None);
        Assert.False(Directory.Exists(workspace.PathOf("later")));
    }

    [Fact]
    public async Task Commit_NothingChanged_IsNoneUnlessAllowed()
    {
        var start = await OriginWithCommitAsync();
        await using var workspace = await OpenAsync(start);

        Assert.Null(await workspace.CommitAsync("Nothing", allowEmpty: false, CancellationToken.None));
        Assert.Null(await workspace.PushAsync(CancellationToken.None));
        Assert.NotNull(await workspace.CommitAsync("Validated", allowEmpty: true, CancellationToken.None));
        Assert.NotNull(await workspace.PushAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Open_RepositoryWithHistory_ChecksOutTheBaseAndLeavesOtherAttemptsOut()
    {
        var start = await OriginWithCommitAsync();
        await OriginGitAsync("branch", "attempts/other/1", start);
        await OriginGitAsync("branch", "main", start);
        await OriginGitAsync("tag", "v1", start);
        await using var workspace = await OpenAsync(start);

        var references = await workspace.GitAsync(["for-each-ref", "--format=%(refname)"], CancellationToken.None);

        Assert.Equal(start, await workspace.HeadAsync(CancellationToken.None));
        Assert.Equal("hello", await File.ReadAllTextAsync(workspace.PathOf("README.md")));
        Assert.Equal(["refs/heads/work", "refs/remotes/origin/main", "refs/remotes/origin/work", "refs/stack/base", "refs/tags/v1"], references.Split('\n'));
    }

    [Fact]
    public async Task Push_SameAttemptAgainAfterACrash_ReplacesWhatTheFirstPushed()
    {
        var start = await OriginWithCommitAsync();
        foreach (var content in new[] { "first", "second" })
        {
            await using var workspace = await OpenAsync(start);
            await workspace.WriteAsync("README.md", content, CancellationToken.None);
            await workspace.CommitAsync("Write", allowEmpty: false, CancellationToken.None);
            await workspace.PushAsync(CancellationToken.None);
        }

        Assert.Equal("second", await OriginGitAsync("show", "attempts/work/1:README.md"));
    }

    [Fact]
    public async Task Git_HooksAndSettingsOfTheClone_AreNotRun()
    {
        var start = await OriginWithCommitAsync();
        await using var workspace = await OpenAsync(start);
        var marker = _folder.At("ran");
        _folder.WriteScript("evil", $"touch {marker}\n");
        File.Copy(_folder.At("evil"), Path.Combine(workspace.Directory, ".git/hooks/pre-commit"));
        File.Copy(_folder.At("evil"), Path.Combine(workspace.Directory, ".git/hooks/pre-push"));
        await File.AppendAllTextAsync(Path.Combine(workspace.Directory, ".git/config"), $"[core]\n\tfsmonitor = {_folder.At("evil")}\n\thooksPath = {_folder.Path}\n");

        await workspace.WriteAsync("README.md", "changed", CancellationToken.None);
        await workspace.CommitAsync("Change", allowEmpty: false, CancellationToken.None);
        await workspace.PushAsync(CancellationToken.None);

        Assert.False(File.Exists(marker));
    }

    [Fact]
    public async Task PathOf_OutsideTheWorkspace_IsRefused()
    {
        await OriginAsync();
        await using var workspace = await OpenAsync(baseCommit: null);

        foreach (var path in new[] { "../x", "/etc/passwd", "a/../../x", ".git/config" })
        {
            Assert.Equal("path_outside_workspace", Assert.Throws<AgentFailure>(() => workspace.PathOf(path)).Error.Code);
        }
    }

    [Fact]
    public async Task Dispose_Workspace_RemovesTheClone()
    {
        var start = await OriginWithCommitAsync();
        var workspace = await OpenAsync(start);

        await workspace.DisposeAsync();

        Assert.False(Directory.Exists(workspace.Directory));
    }

    [Fact]
    public async Task Open_OverHttp_SendsTheTokenAndKeepsItOutOfTheClone()
    {
        var authorizations = new ConcurrentQueue<string>();
        await using var server = await ServerAsync(authorizations);
        var task = Task("0123456789012345678901234567890123456789") is var local ? local with { Workspace = local.Workspace! with { Path = null } } : null!;
        var directory = _folder.At("clone");

        var failure = await Assert.ThrowsAsync<AgentFailure>(() => Workspace.OpenAsync(_git, task, directory, new Uri(server.Urls.Single()), "agent-secret", CancellationToken.None));

        Assert.Equal(FailureClass.Infrastructure, failure.Error.Class);
        Assert.Contains("Bearer agent-secret", authorizations);
        Assert.DoesNotContain("agent-secret", failure.Message + failure.Error.Details, StringComparison.Ordinal);
        Assert.DoesNotContain("agent-secret", await File.ReadAllTextAsync(Path.Combine(directory, ".git/config")), StringComparison.Ordinal);
    }

    private static async Task<WebApplication> ServerAsync(ConcurrentQueue<string> authorizations)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(http =>
        {
            authorizations.Enqueue(http.Request.Headers.Authorization.ToString());
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return System.Threading.Tasks.Task.CompletedTask;
        });
        await app.StartAsync();
        return app;
    }

    private TaskEnvelope Task(string? baseCommit) => Tasks.Of("scaffold", workspace: new WorkspaceReference
    {
        Url = "/git/x.git",
        Path = _origin,
        Branch = Branch,
        BaseCommit = baseCommit,
        AttemptBranch = "attempts/work/1",
    });

    private Task<Workspace> OpenAsync(string? baseCommit) => OpenAsync(Task(baseCommit));

    private Task<Workspace> OpenAsync(TaskEnvelope task) =>
        Workspace.OpenAsync(_git, task, _folder.At($"clone-{Guid.CreateVersion7():n}"), new Uri("http://127.0.0.1:1"), token: null, CancellationToken.None);

    private Task<string> OriginGitAsync(params string[] arguments) => _git.RequireAsync(_origin, arguments, access: null, CancellationToken.None);

    private Task<string> OriginAsync() => _git.RequireAsync(_folder.Path, ["init", "--quiet", "--bare", "--initial-branch=main", _origin], access: null, CancellationToken.None);

    private async Task<string> OriginWithCommitAsync()
    {
        await OriginAsync();
        await using var workspace = await OpenAsync(baseCommit: null);
        await workspace.WriteAsync("README.md", "hello", CancellationToken.None);
        var commit = (await workspace.CommitAsync("Begin", allowEmpty: false, CancellationToken.None))!;
        await workspace.PushAsync(CancellationToken.None);
        await OriginGitAsync("update-ref", $"refs/heads/{Branch}", commit);
        await OriginGitAsync("update-ref", "-d", "refs/heads/attempts/work/1");
        return commit;
    }
}
