using Microsoft.Extensions.Logging.Abstractions;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Workspaces;

namespace Stack.Tests.Orchestrator.Workspaces;

public sealed class GitWorkspacesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("workspaces-");
    private readonly GitRepositories _repositories;
    private readonly GitWorkspaces _workspaces;
    private readonly WorkflowId _id = WorkflowId.New(TimeProvider.System);
    private readonly string _path;

    public GitWorkspacesTests()
    {
        _repositories = new GitRepositories(_folder.FullName);
        _workspaces = new GitWorkspaces(new GitCommand(_folder.FullName), _repositories, offersPaths: true, TimeProvider.System, NullLogger<GitWorkspaces>.Instance);
        _path = _repositories.Create(_id);
    }

    private TaskId Task => new(_id, "build", 2);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Describe_Attempt_NamesItsOwnBranch()
    {
        var reference = _workspaces.Describe(Task, "abc");
        Assert.Equal(($"/git/{_id}.git", _path, "work", "abc", "attempts/build/2"), (reference.Url, reference.Path, reference.Branch, reference.BaseCommit, reference.AttemptBranch));
    }

    [Fact]
    public async Task Integrate_CommitThatFollowsTheHead_IsTheNewHead()
    {
        var first = await CommitAsync(null, ("a", "1"));
        var second = await CommitAsync(first, ("b", "1"));
        Assert.Equal(new IntegrationOutcome.Integrated(first), await IntegrateAsync(null, first));
        Assert.Equal(new IntegrationOutcome.Integrated(second), await IntegrateAsync(first, second));
        Assert.Equal(new IntegrationOutcome.Integrated(second), await IntegrateAsync(second, first));
        Assert.Equal(new IntegrationOutcome.Integrated(second), await IntegrateAsync(second, second));
    }

    [Fact]
    public async Task Integrate_CommitBesideTheHead_IsMergedWithBothAsParents()
    {
        var start = await CommitAsync(null, ("a", "1"));
        var head = await CommitAsync(start, ("b", "1"));
        var other = await CommitAsync(start, ("c", "1"));
        var merged = Assert.IsType<IntegrationOutcome.Integrated>(await IntegrateAsync(head, other)).Commit;
        Assert.Equal($"{head} {other}", await GitAsync("show", "-s", "--format=%P", merged));
        Assert.Equal("a\nb\nc", await GitAsync("ls-tree", "--name-only", merged));
        Assert.Equal("Merge build, attempt 2", await GitAsync("show", "-s", "--format=%s", merged));
    }

    [Fact]
    public async Task Integrate_SamePlaceChangedTwice_NamesTheFiles()
    {
        var start = await CommitAsync(null, ("a", "1"), ("b", "1"), ("c d", "1"));
        var head = await CommitAsync(start, ("a", "2"), ("c d", "2"));
        var other = await CommitAsync(start, ("a", "3"), ("c d", "3"));
        var conflict = Assert.IsType<IntegrationOutcome.Conflicting>(await IntegrateAsync(head, other));
        Assert.Equal(["a", "c d"], conflict.Files);
    }

    [Theory]
    [InlineData("0123456789012345678901234567890123456789")]
    [InlineData("--help")]
    [InlineData("")]
    public async Task Integrate_CommitThatIsNotThere_IsMissing(string commit)
    {
        var head = await CommitAsync(null, ("a", "1"));
        Assert.Equal(new IntegrationOutcome.Missing(commit), await IntegrateAsync(head, commit));
        Assert.Equal(new IntegrationOutcome.Missing(commit), await IntegrateAsync(null, commit));
    }

    [Fact]
    public async Task Integrate_UnrelatedHistory_IsAConflict()
    {
        var head = await CommitAsync(null, ("a", "1"));
        var other = await CommitAsync(null, ("b", "1"));
        Assert.IsType<IntegrationOutcome.Conflicting>(await IntegrateAsync(head, other));
    }

    [Fact]
    public async Task Advance_InAnyOrderAndTwice_EndsAtTheLastHead()
    {
        var first = await CommitAsync(null, ("a", "1"));
        var second = await CommitAsync(first, ("b", "1"));
        await AdvanceAsync(first, new ReferenceUpdate("refs/heads/main", first));
        await AdvanceAsync(second, new ReferenceUpdate("refs/heads/main", second), new ReferenceUpdate("refs/tags/v1", second));
        await AdvanceAsync(first);
        await AdvanceAsync(second, new ReferenceUpdate("refs/tags/v1", second));
        Assert.Equal($"{second} {second} {second}", (await GitAsync("rev-parse", "refs/heads/work", "refs/heads/main", "refs/tags/v1")).Replace('\n', ' '));
    }

    [Fact]
    public async Task Advance_ReferenceThatWouldGoBackOrIsNotAllowed_StaysAndTheRestMoves()
    {
        var start = await CommitAsync(null, ("a", "1"));
        var left = await CommitAsync(start, ("b", "1"));
        var right = await CommitAsync(start, ("c", "1"));
        await AdvanceAsync(left, new ReferenceUpdate("refs/heads/main", left), new ReferenceUpdate("refs/tags/v1", left));
        var head = await CommitAsync(left, ("d", "1"));
        await AdvanceAsync(
            head,
            new ReferenceUpdate("refs/heads/main", right),
            new ReferenceUpdate("refs/tags/v1", right),
            new ReferenceUpdate("refs/heads/attempts/x/1", right),
            new ReferenceUpdate("refs/heads/work", right),
            new ReferenceUpdate("refs/heads/a..b", right),
            new ReferenceUpdate("refs/heads/release", right));
        Assert.Equal($"{head} {left} {left} {right}", (await GitAsync("rev-parse", "work", "main", "v1", "release")).Replace('\n', ' '));
        Assert.Empty(await GitAsync("for-each-ref", "refs/heads/attempts"));
    }

    [Fact]
    public async Task Advance_AnotherLineAfterARetry_MovesAndKeepsTheOldOneReachable()
    {
        var start = await CommitAsync(null, ("a", "1"));
        var old = await CommitAsync(start, ("b", "1"));
        var retried = await CommitAsync(start, ("b", "2"));
        await AdvanceAsync(old);
        await AdvanceAsync(retried);
        Assert.Equal(retried, await GitAsync("rev-parse", "work"));
        Assert.Equal(old, await GitAsync("rev-parse", "refs/stack/superseded/" + old));
    }

    [Fact]
    public async Task Advance_LockLeftByAKilledProcess_IsTakenOver()
    {
        var commit = await CommitAsync(null, ("a", "1"));
        var left = Path.Combine(_path, "refs", "heads", "work.lock");
        await File.WriteAllTextAsync(left, "");
        File.SetLastWriteTimeUtc(left, File.GetLastWriteTimeUtc(left).AddSeconds(-11));
        await AdvanceAsync(commit);
        Assert.Equal(commit, await GitAsync("rev-parse", "work"));
    }

    [Fact]
    public async Task Advance_WhileAnotherProcessMoves_WaitsForIt()
    {
        var commit = await CommitAsync(null, ("a", "1"));
        var held = Path.Combine(_path, "refs", "heads", "work.lock");
        await File.WriteAllTextAsync(held, "");
        var moving = AdvanceAsync(commit);
        await Assert.ThrowsAsync<TimeoutException>(() => moving.WaitAsync(TimeSpan.FromMilliseconds(200)));
        Assert.True(File.Exists(held));
        File.Delete(held);
        await moving;
        Assert.Equal(commit, await GitAsync("rev-parse", "work"));
    }

    [Fact]
    public async Task Remove_Repository_IsGoneAndMayBeRemovedAgain()
    {
        await CommitAsync(null, ("a", "1"));
        await _workspaces.RemoveAsync([_id, WorkflowId.New(TimeProvider.System)], CancellationToken.None);
        await _workspaces.RemoveAsync([_id], CancellationToken.None);
        Assert.False(Directory.Exists(_path));
        Assert.IsType<IntegrationOutcome.Missing>(await IntegrateAsync(null, new string('0', 40)));
        await AdvanceAsync(new string('0', 40));
    }

    [Fact]
    public void Remove_BySeveralAtOnce_LeavesNothingAndFailsForNone()
    {
        for (var i = 0; i < 200; i++)
        {
            var folder = Directory.CreateDirectory(Path.Combine(_path, "objects", $"{i % 50:x2}"));
            File.WriteAllText(Path.Combine(folder.FullName, $"{i}"), "object");
        }

        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ => _repositories.Remove(_id));
        Assert.False(Directory.Exists(_path));
    }

    [Fact]
    public async Task Remove_OneThatCannotBe_HoldsUpNoOther()
    {
        var broken = WorkflowId.New(TimeProvider.System);
        var head = Path.Combine(_repositories.Create(broken), "HEAD");
        File.Delete(head);
        Directory.CreateDirectory(head);
        await _workspaces.RemoveAsync([broken, _id], CancellationToken.None);
        Assert.False(Directory.Exists(_path));
    }

    private Task<IntegrationOutcome> IntegrateAsync(string? head, string commit) =>
        _workspaces.IntegrateAsync(Task, head, new WorkspaceChange { Commit = commit }, CancellationToken.None);

    private Task AdvanceAsync(string head, params ReferenceUpdate[] references) => _workspaces.AdvanceAsync(_id, head, references, CancellationToken.None);

    private Task<string> GitAsync(params string[] arguments) => GitProcess.RunAsync(_path, arguments);

    private async Task<string> CommitAsync(string? parent, params (string Name, string Text)[] files)
    {
        var work = Directory.CreateTempSubdirectory("commit-");
        try
        {
            string[] both = ["--git-dir=" + _path, "--work-tree=" + work.FullName];
            if (parent is not null)
            {
                await GitProcess.RunAsync(work.FullName, [.. both, "read-tree", parent]);
                await GitProcess.RunAsync(work.FullName, [.. both, "checkout-index", "-a"]);
            }
            else
            {
                await GitProcess.RunAsync(work.FullName, [.. both, "read-tree", "--empty"]);
            }

            foreach (var (name, text) in files)
            {
                await File.WriteAllTextAsync(Path.Combine(work.FullName, name), text);
            }

            await GitProcess.RunAsync(work.FullName, [.. both, "add", "-A"]);
            var tree = await GitProcess.RunAsync(work.FullName, [.. both, "write-tree"]);
            return await GitProcess.RunAsync(work.FullName, [.. both, "commit-tree", tree, "-m", "c", .. parent is null ? Array.Empty<string>() : ["-p", parent]]);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }
}
