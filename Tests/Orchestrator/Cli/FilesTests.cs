using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using Stack.Cli;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Cli;

public sealed class FilesTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("stack-cli-");
    private readonly WorkflowResource _workflow = Scripts.Workflow();
    private ScriptedOrchestrator _orchestrator = null!;

    public async Task InitializeAsync()
    {
        _orchestrator = await ScriptedOrchestrator.StartAsync();
        _orchestrator.Put(_workflow);
        _orchestrator.Files = new FileTree("0123456789abcdef", [new FileEntry("README.md", "file", 5)]);
        _orchestrator.Archive = await ArchiveAsync($"{_workflow.Id}-01234567/README.md");
    }

    public async Task DisposeAsync()
    {
        await _orchestrator.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Files_ToAFolder_IsARepositoryWithTheLogAndWhatCountedAsMain()
    {
        await MakeRepositoryAsync();

        var outcome = await new StackCommand { Directory = _folder.FullName }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "files", "last", "-o", "out");

        Assert.Equal((ExitCode.Completed, ""), (outcome.Code, outcome.Error));
        Assert.Equal("hello", await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "out", "README.md")));
        Assert.Equal("main", await GitAsync("-C", "out", "branch", "--show-current"));
        Assert.Equal("validation\nscaffolding", await GitAsync("-C", "out", "log", "--format=%s"));
    }

    [Fact]
    public async Task Files_ApiKey_GitSendsItToo()
    {
        await MakeRepositoryAsync();

        await new StackCommand { Directory = _folder.FullName }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "files", "last", "-o", "out", "--api-key", "secret");

        Assert.All(_orchestrator.Requests.Where(request => request.Path.StartsWith("/git/", StringComparison.Ordinal)), request => Assert.Equal("Bearer secret", request.Headers["Authorization"]));
    }

    [Theory]
    [InlineData("no-such-git", "git is not installed")]
    [InlineData("git", "git could not clone")]
    public async Task Files_GitCannot_TheFilesAreThereWithoutTheirLog(string git, string said)
    {
        var outcome = await new StackCommand { Directory = _folder.FullName, Git = git }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "files", "last", "-o", "out");

        Assert.Equal(ExitCode.Completed, outcome.Code);
        Assert.Contains(said, outcome.Error, StringComparison.Ordinal);
        Assert.Equal("hello", await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "out", "README.md")));
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("0199c2a4-1111-7000-8000-000000000001-01234567/README.md")]
    public async Task Files_ArchiveWithOrWithoutAFolder_TheFilesAreInTheNamedOneAndNothingElseIsLeft(string path)
    {
        _orchestrator.Archive = await ArchiveAsync(path);
        _folder.CreateSubdirectory("out");
        var mine = Path.Combine(_folder.CreateSubdirectory("out.part").FullName, "mine");
        await File.WriteAllTextAsync(mine, "");

        await new StackCommand { Directory = _folder.FullName, Git = "no-such-git" }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "files", "last", "-o", "out/");

        Assert.Equal([mine, Path.Combine(_folder.FullName, "out", "README.md")], Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
        Assert.Equal(2, _folder.EnumerateFileSystemInfos().Count());
    }

    [Fact]
    public async Task Files_ArchiveLeavesTheFolder_NothingIsWritten()
    {
        _orchestrator.Archive = await ArchiveAsync("../escaped");

        var outcome = await new StackCommand { Directory = _folder.FullName, Git = "no-such-git" }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "files", "last", "-o", "out");

        Assert.Equal(ExitCode.Unavailable, outcome.Code);
        Assert.Contains("archive", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(_folder.EnumerateFileSystemInfos());
    }

    [Fact]
    public async Task Files_FolderIsNotEmpty_NothingIsWritten()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "mine"), "");

        var outcome = await new StackCommand { Directory = _folder.FullName }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "files", "last", "-o", ".");

        Assert.Equal(ExitCode.Usage, outcome.Code);
        Assert.Contains("'.' exists and is not empty", outcome.Error, StringComparison.Ordinal);
        Assert.Single(_folder.EnumerateFileSystemInfos());
    }

    private async Task MakeRepositoryAsync()
    {
        await GitAsync("init", "--quiet", "--initial-branch", "work", "source");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "source", "README.md"), "hello");
        await GitAsync("-C", "source", "add", ".");
        await GitAsync("-C", "source", "commit", "--quiet", "-m", "scaffolding");
        await GitAsync("-C", "source", "branch", "main");
        await GitAsync("-C", "source", "commit", "--quiet", "--allow-empty", "-m", "validation");
        await GitAsync("clone", "--quiet", "--bare", "source", $"{_workflow.Id}.git");
        await GitAsync("-C", $"{_workflow.Id}.git", "update-server-info");
        _orchestrator.Repositories = _folder.FullName;
    }

    private async Task<string> GitAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("git", ["-c", "user.name=Test", "-c", "user.email=test@example.org", .. arguments])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = _folder.FullName,
        };
        using var git = Process.Start(start)!;
        var printed = await git.StandardOutput.ReadToEndAsync();
        await git.WaitForExitAsync();
        Assert.Equal(0, git.ExitCode);
        return printed.Trim();
    }

    private static async Task<byte[]> ArchiveAsync(string path)
    {
        using var bytes = new MemoryStream();
        await using (var zip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        await using (var tar = new TarWriter(zip))
        {
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream("hello"u8.ToArray()) });
        }

        return bytes.ToArray();
    }
}
