using System.IO.Compression;
using System.Net;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api;

[Collection(OrchestratorCollection.Name)]
public sealed class WorkflowFilesTests(OrchestratorFixture fixture)
{
    private OrchestratorHost Host => fixture.Host;

    [Fact]
    public async Task Files_AfterInitialization_AreTreeFileDiffAndArchive()
    {
        var workflow = await InitializedAsync();
        var path = $"/api/v1/workflows/{workflow.Id}";
        var tree = await Host.Client.GetAsync(path + "/files").ValueAsync<FileTree>();
        Assert.Equal(workflow.HeadCommit, tree.Commit);
        Assert.Equal([".stack", ".stack/workflow.json", "REQUIREMENTS.md"], tree.Files.Select(file => file.Path));
        Assert.Equal(("directory", null), (tree.Files[0].Type, tree.Files[0].SizeBytes));

        using var file = await Host.Client.GetAsync(path + "/files/REQUIREMENTS.md");
        Assert.Equal("# Ünïcode\n\nÜnïcode\n", await file.Content.ReadAsStringAsync());
        Assert.Equal("nosniff", Assert.Single(file.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("sandbox; default-src 'none'", Assert.Single(file.Headers.GetValues("Content-Security-Policy")));

        Assert.Empty(await Host.Client.GetStringAsync(path + "/diff"));
        Assert.Empty(await Host.Client.GetStringAsync(path + "/diff?from=initialization"));
        await using var zip = new ZipArchive(await Host.Client.GetStreamAsync(path + "/archive"));
        Assert.Contains(zip.Entries, entry => entry.FullName.EndsWith("/REQUIREMENTS.md", StringComparison.Ordinal));
        await using var unzipped = new GZipStream(await Host.Client.GetStreamAsync(path + "/archive?format=tar.gz"), CompressionMode.Decompress);
        Assert.NotEqual(-1, unzipped.ReadByte());
    }

    [Theory]
    [InlineData("files/..%2F..%2Fetc%2Fpasswd", HttpStatusCode.BadRequest, "path: '../../etc/passwd' leaves the workspace. Write a path relative to the workspace, with forward slashes and without '..'.")]
    [InlineData("files/.git/config", HttpStatusCode.BadRequest, "path: '.git/config' leaves the workspace. Write a path relative to the workspace, with forward slashes and without '..'.")]
    [InlineData("files/a?ref=--upload-pack", HttpStatusCode.BadRequest, "ref: '--upload-pack' is not the name of a branch, a tag, a commit or a stage.")]
    [InlineData("files/a?ref=HEAD..main", HttpStatusCode.BadRequest, "ref: 'HEAD..main' is not the name of a branch, a tag, a commit or a stage.")]
    [InlineData("files/nothing", HttpStatusCode.NotFound, "There is no file 'nothing'.")]
    [InlineData("files?ref=nothing", HttpStatusCode.NotFound, "There is no commit 'nothing'.")]
    [InlineData("archive?format=rar", HttpStatusCode.BadRequest, "format: 'rar' is not one of: zip, tar.gz.")]
    public async Task Files_WrongPathOrReference_IsRefused(string path, HttpStatusCode status, string begin)
    {
        var workflow = await InitializedAsync();
        var problem = await Host.Client.GetAsync($"/api/v1/workflows/{workflow.Id}/{path}").ProblemAsync(status, status == HttpStatusCode.NotFound ? ProblemTypes.NotFound : ProblemTypes.InvalidRequest);
        Assert.StartsWith(begin, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_NoWorkspaceYet_SaysSo()
    {
        var workflow = await Host.SubmitAsync(await Host.DefineAsync(1));
        var problem = await Host.Client.GetAsync($"/api/v1/workflows/{workflow.Id}/files").ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        Assert.Equal($"Workflow {workflow.Id} has no files yet. They are there once a stage that has a workspace completed.", problem.Detail);
    }

    private async Task<WorkflowResource> InitializedAsync()
    {
        var workflow = await Host.SubmitAsync("app", "Ünïcode");
        return await Host.UntilAsync(workflow.Id, shown => shown.HeadCommit is not null, "the workspace is there");
    }
}
