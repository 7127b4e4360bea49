using Stack.Agents.Integration;
using Stack.Contracts;

namespace Stack.Tests.Agents.Integration;

public sealed class IntegrationAgentTests
{
    private readonly IntegrationAgent _agent = new();

    [Fact]
    public async Task Execute_WorkAhead_MakesAMergeCommitAndTagsIt()
    {
        await using var bench = await AgentBench.CreateAsync();
        await bench.CommitAsync("work", ("a.txt", "a\n"));
        var (main, work) = (await bench.GitAsync("rev-parse", "main"), await bench.GitAsync("rev-parse", "work"));

        var report = (await bench.RunAsync(_agent)).Completed().Output<IntegrationReport>();

        Assert.Equal((true, main, work, "v0.1.0", false), (report.Merged, report.TargetBefore, report.Source, report.Tag, report.Rebuilt));
        Assert.Equal(report.Commit, await bench.GitAsync("rev-parse", "main"));
        Assert.Equal(report.Commit, await bench.GitAsync("rev-parse", "v0.1.0"));
        Assert.Equal(report.Commit, await bench.GitAsync("rev-parse", "work"));
        Assert.Equal($"{main} {work}", await bench.GitAsync("log", "-1", "--format=%P", "main"));
    }

    [Fact]
    public async Task Execute_TagsExist_TakesTheNextMinor()
    {
        await using var bench = await AgentBench.CreateAsync();
        await bench.GitAsync("tag", "v0.9.3", "main");
        await bench.GitAsync("tag", "v0.10.0", "main");
        await bench.GitAsync("tag", "vision", "main");
        await bench.CommitAsync("work", ("a.txt", "a\n"));

        Assert.Equal("v0.11.0", (await bench.RunAsync(_agent)).Completed().Output<IntegrationReport>().Tag);
    }

    [Fact]
    public async Task Execute_NoTargetYet_BeginsItAtTheFirstCommit()
    {
        await using var bench = await AgentBench.CreateAsync();
        await bench.CommitAsync("work", ("a.txt", "a\n"));
        await bench.GitAsync("update-ref", "-d", "refs/heads/main");

        var report = (await bench.RunAsync(_agent)).Completed().Output<IntegrationReport>();

        Assert.Null(report.TargetBefore);
        Assert.Equal(report.Commit, await bench.GitAsync("rev-parse", "main"));
    }

    [Fact]
    public async Task Execute_TargetHasChangesOfItsOwn_MergesBoth()
    {
        await using var bench = await AgentBench.CreateAsync();
        await bench.CommitAsync("work", ("a.txt", "a\n"));
        await bench.CommitAsync("main", ("b.txt", "b\n"));

        var report = (await bench.RunAsync(_agent)).Completed().Output<IntegrationReport>();

        Assert.True(report.Rebuilt);
        Assert.Equal("README.md\na.txt\nb.txt", await bench.GitAsync("ls-tree", "--name-only", "main"));
    }

    [Fact]
    public async Task Execute_AlreadyMerged_ChangesNothing()
    {
        await using var bench = await AgentBench.CreateAsync();

        var attempt = (await bench.RunAsync(_agent)).Completed();

        Assert.Null(attempt.Output<IntegrationReport>().Tag);
        Assert.Equal("", await bench.GitAsync("tag"));
    }

    [Fact]
    public async Task Execute_Conflict_ReportsFilesAndHunksAndMovesNothing()
    {
        await using var bench = await AgentBench.CreateAsync(("same.txt", "one\ntwo\nthree\n"), ("gone.txt", "old\n"));
        await bench.CommitAsync("work", ("same.txt", "one\nWORK\nthree\n"), ("gone.txt", "new\n"));
        await bench.CommitAsync("main", ("same.txt", "one\nMAIN\nthree\n"), ("gone.txt", null));
        var main = await bench.GitAsync("rev-parse", "main");

        var attempt = await bench.RunAsync(_agent);

        Assert.Equal(("merge_conflict", ErrorCategory.Conflict, false), (attempt.Error.Code, attempt.Error.Category, attempt.Error.Retryable));
        Assert.Contains("same.txt (both modified)", attempt.Error.Message, StringComparison.Ordinal);
        var conflicts = attempt.Output<IntegrationReport>().Conflicts.ToDictionary(conflict => conflict.Path);
        Assert.Equal("deleted in the target, modified in the work", conflicts["gone.txt"].Kind);
        var hunk = Assert.Single(conflicts["same.txt"].Hunks);
        Assert.Contains("MAIN", hunk, StringComparison.Ordinal);
        Assert.Contains("WORK", hunk, StringComparison.Ordinal);
        Assert.Equal(main, await bench.GitAsync("rev-parse", "main"));
        Assert.Null(attempt.Result.Change);
    }

    [Fact]
    public async Task Execute_MergeDoesNotBuild_IsAConflictOfMeaning()
    {
        await using var bench = await AgentBench.CreateAsync(
            ("App.csproj", """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>"""),
            ("A.cs", "public static class A { public static int Old() => 1; }\n"));
        await bench.CommitAsync("work", ("B.cs", "public static class B { public static int Use() => A.Old(); }\n"));
        await bench.CommitAsync("main", ("A.cs", "public static class A { public static int Renamed() => 1; }\n"));

        var error = (await bench.RunAsync(_agent)).Error;

        Assert.Equal("merge_does_not_build", error.Code);
        Assert.Contains("B.cs:1: CS0117", error.Message, StringComparison.Ordinal);
    }
}
