using Stack.Agents.Runtime;
using Stack.Agents.Scaffold;
using Stack.Contracts;

namespace Stack.Tests.Agents.Scaffold;

public sealed class AnswerWriterTests
{
    [Theory]
    [InlineData("../outside.txt", "path_outside_workspace")]
    [InlineData("a/../../outside.txt", "path_outside_workspace")]
    [InlineData("/etc/passwd", "path_outside_workspace")]
    [InlineData(".git/hooks/pre-commit", "path_outside_workspace")]
    [InlineData("C:\\x", "path_outside_workspace")]
    [InlineData("link/outside.txt", "path_through_link")]
    [InlineData("GOOD.txt", "path_twice")]
    public async Task Write_OnePathIsBad_NothingIsWritten(string path, string code)
    {
        await using var bench = await AgentBench.CreateAsync();
        var outside = Directory.CreateDirectory(bench.Folder.At("outside")).FullName;

        var attempt = await bench.RunAsync(new WritingAgent(outside, [new AnsweredFile("good.txt", "good"), new AnsweredFile(path, "bad")]));

        Assert.Equal(code, attempt.Error.Code);
        Assert.Contains(path, attempt.Error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
        Assert.Equal("no", attempt.Error.Details);
    }

    private sealed class WritingAgent(string outside, IReadOnlyList<AnsweredFile> files) : IAgent
    {
        public string Type => "scaffold";

        public async Task<StageOutcome> ExecuteAsync(AgentContext context, CancellationToken cancellationToken)
        {
            Directory.CreateSymbolicLink(Path.Combine(context.Workspace.Directory, "link"), outside);
            var failure = await Assert.ThrowsAsync<AgentFailure>(() => AnswerWriter.WriteAsync(context.Workspace, files, cancellationToken));
            return new StageOutcome.Failed { Error = failure.Error with { Details = File.Exists(context.Workspace.PathOf("good.txt")) ? "yes" : "no" } };
        }
    }
}
