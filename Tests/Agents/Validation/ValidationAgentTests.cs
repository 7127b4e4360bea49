using System.Text.Json;
using Stack.Agents.Validation;
using Stack.Contracts;

namespace Stack.Tests.Agents.Validation;

public sealed class ValidationAgentTests
{
    private const string Project = """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework><NuGetAudit>false</NuGetAudit><ImplicitUsings>enable</ImplicitUsings></PropertyGroup></Project>""";

    private const string TestProject = """
        <Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework><NuGetAudit>false</NuGetAudit><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
        <ItemGroup><PackageReference Include="coverlet.collector" Version="6.0.4" /><PackageReference Include="Microsoft.NET.Test.Sdk" Version="18.0.1" />
        <PackageReference Include="xunit" Version="2.9.3" /><PackageReference Include="xunit.runner.visualstudio" Version="3.1.5" /><ProjectReference Include="../../src/App/App.csproj" /></ItemGroup></Project>
        """;

    private const string Solution = """<Solution><Project Path="src/App/App.csproj" /><Project Path="tests/App.Tests/App.Tests.csproj" /></Solution>""";

    private readonly ValidationAgent _agent = new();

    [Fact]
    public async Task Execute_EverythingBeyondItsLimit_NamesEveryThresholdWithValueLimitAndRemedy()
    {
        await using var bench = await AgentBench.CreateAsync(
            ("App.slnx", Solution),
            ("src/App/App.csproj", Project),
            ("src/App/Maze.cs", Maze()),
            ("src/App/Copy.cs", Maze().Replace("class Maze", "class Copy", StringComparison.Ordinal)),
            ("tests/App.Tests/App.Tests.csproj", TestProject),
            ("tests/App.Tests/MazeTests.cs", "public class MazeTests\n{\n  [Xunit.Fact] public void Adds() => Xunit.Assert.Equal(3, Maze.Add(1, 1));\n}\n"),
            (".env", "X=1\n"),
            ("settings.json", "{\"password\": \"hunter2hunter2\"}\n"));

        var attempt = await bench.RunAsync(_agent);

        var error = attempt.Error;
        Assert.Equal(("validation_failed", ErrorCategory.Validation, false), (error.Code, error.Category, error.Retryable));
        var checks = attempt.Output<ValidationReport>().Checks.ToDictionary(check => check.Name);
        Assert.Equal(CheckStatus.Passed, checks["build"].Status);
        AssertFailed(checks["format"], null, null);
        AssertFailed(checks["tests"], 1, 0);
        AssertFailed(checks["complexity"], 13, 10);
        AssertFailed(checks["security"], 1, 0);
        Assert.True(checks["coverage"] is { Status: CheckStatus.Failed, Value: > 0 and < 80, Limit: 80 });
        Assert.True(checks["duplications"] is { Status: CheckStatus.Failed, Value: > 5, Limit: 5 });
        Assert.True(checks["errors"] is { Status: CheckStatus.Failed, Value: 2, Limit: 0 });
        Assert.Contains("settings.json:1: 'password' has a value", error.Details, StringComparison.Ordinal);
        Assert.Contains("MazeTests.Adds", error.Details, StringComparison.Ordinal);
        Assert.Contains("cyclomatic complexity of 13; at most 10", error.Message, StringComparison.Ordinal);
        Assert.Contains("Run `dotnet format`", error.SuggestedAction, StringComparison.Ordinal);
        var report = JsonDocument.Parse(await bench.GitAsync("show", $"{attempt.Result.Change!.Commit}:{ValidationReport.FilePath}"));
        Assert.False(report.RootElement.GetProperty("passed").GetBoolean());
    }

    [Fact]
    public async Task Execute_DoesNotBuild_SkipsWhatNeedsABuild()
    {
        await using var bench = await AgentBench.CreateAsync(("App.csproj", Project), ("A.cs", "class A { int M() => nothing; }\n"));

        var attempt = await bench.RunAsync(_agent);

        var checks = attempt.Output<ValidationReport>().Checks.ToDictionary(check => check.Name);
        Assert.Equal(CheckStatus.Failed, checks["build"].Status);
        Assert.Equal(CheckStatus.Skipped, checks["tests"].Status);
        Assert.Contains("A.cs:1: CS0103", Assert.Single(checks["build"].Findings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_NoProject_SaysWhatIsMissing()
    {
        await using var bench = await AgentBench.CreateAsync();

        Assert.Equal("no_project", (await bench.RunAsync(_agent)).Error.Code);
    }

    [Fact]
    public async Task Execute_NodeProject_RunsItsEslintAndTsc()
    {
        await using var bench = await AgentBench.CreateAsync(
            ("package.json", """{"name": "x"}"""),
            ("tsconfig.json", "{}"),
            ("eslint.config.js", "export default [];"),
            ("node_modules/.bin/eslint", "#!/bin/sh\necho '[{\"filePath\":\"'$PWD'/a.js\",\"messages\":[{\"severity\":2,\"line\":3,\"message\":\"Unused x\"},{\"severity\":1,\"line\":4,\"message\":\"Odd\"}]}]'\nexit 1\n"),
            ("node_modules/.bin/tsc", "#!/bin/sh\necho \"a.ts(2,3): error TS2322: Type 'string' is not assignable.\"\nexit 2\n"));

        var attempt = await bench.RunAsync(_agent);

        var checks = attempt.Output<ValidationReport>().Checks.ToDictionary(check => check.Name);
        Assert.Equal(["a.js:3: Unused x"], checks["eslint"].Findings);
        Assert.Equal(["a.ts(2,3): error TS2322: Type 'string' is not assignable."], checks["tsc"].Findings);
        Assert.True(checks["errors"] is { Value: 2, Limit: 0, Status: CheckStatus.Failed });
        Assert.Contains("a.js:4: Odd", checks["warnings"].Findings);
    }

    [Fact]
    public async Task Execute_NpmCannotInstall_IsADependencyError()
    {
        await using var bench = await AgentBench.CreateAsync(
            ("package.json", """{"name": "x", "dependencies": {"left-pad": "1.3.0"}}"""),
            (".npmrc", "registry=http://127.0.0.1:1/\nfetch-retries=0\ncache=.npm-cache\n"));

        var error = (await bench.RunAsync(_agent)).Error;

        Assert.True(error.Code is "npm_install_failed" or "program_missing", error.Message);
        Assert.True(error.Category is ErrorCategory.Dependency or ErrorCategory.Configuration);
        Assert.NotNull(error.SuggestedAction);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Execute_TooManyWarnings_FailOnlyWhenAsked(bool fail)
    {
        await using var bench = await AgentBench.CreateAsync(("package.json", """{"name": "x"}"""), (".env", "A=1"), ("id_rsa", "x"));

        var attempt = await bench.RunAsync(_agent, $$$"""{"fail_on_warnings": {{{(fail ? "true" : "false")}}}, "thresholds": {"warnings": 1}}""");

        var check = attempt.Output<ValidationReport>().Checks.Single(check => check.Name == "warnings");
        Assert.Equal((fail ? CheckStatus.Failed : CheckStatus.Passed, 2.0, 1.0), (check.Status, check.Value, check.Limit));
    }

    private static void AssertFailed(ValidationCheck check, double? value, double? limit)
    {
        Assert.Equal((CheckStatus.Failed, value, limit), (check.Status, check.Value, check.Limit));
        Assert.NotNull(check.Remedy);
        Assert.NotEmpty(check.Findings);
    }

    private static string Maze()
    {
        var ways = string.Join('\n', Enumerable.Range(1, 12).Select(i => $"        if (a == {i}) {{ a = a + {i} * 2; }}"));
        return $"public static class Maze\n{{\n    public static int Add(int a, int b) => a + b;\n\n    public static int Find(int a)\n    {{\n{ways}\n          return a;\n    }}\n}}\n";
    }
}
