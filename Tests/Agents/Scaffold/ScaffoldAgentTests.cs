using Stack.Agents.Scaffold;
using Stack.Contracts;

namespace Stack.Tests.Agents.Scaffold;

public sealed class ScaffoldAgentTests
{
    private readonly ScaffoldAgent _agent = new();

    [Fact]
    public async Task Execute_Requirements_CommitsTheProgramAndSaysThatNoModelWasUsed()
    {
        await using var bench = await AgentBench.CreateAsync();

        var attempt = (await bench.RunAsync(_agent, requirements: "A calculator web API")).Completed();

        var output = attempt.Output<ScaffoldOutput>();
        Assert.Equal(("calculator", false, ProgramKind.Web, "src/Calculator/Calculator.csproj"), (output.Template, output.ModelUsed, output.Kind, output.EntryProject));
        Assert.StartsWith("No language model was used", output.Notice, StringComparison.Ordinal);
        Assert.Contains(output.Notice, attempt.Result.Warnings);
        var committed = (await bench.GitAsync("ls-tree", "-r", "--name-only", "work")).Split('\n');
        Assert.Equal(output.Files.Order(StringComparer.Ordinal), committed.Order(StringComparer.Ordinal));
        Assert.StartsWith("Scaffold Calculator: calculator", await bench.GitAsync("log", "-1", "--format=%s", "work"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_Again_TakesTheAnswerFromTheJournal()
    {
        await using var bench = await AgentBench.CreateAsync();

        (await bench.RunAsync(_agent)).Completed();
        (await bench.RunAsync(_agent)).Completed();

        Assert.Equal(1, bench.ModelCalls);
    }

    [Fact]
    public async Task Execute_AliasWithoutALanguageModel_FallsBackToTemplatesAndSaysSo()
    {
        await using var bench = await AgentBench.CreateAsync();

        var attempt = (await bench.RunAsync(_agent, """{"model": "smart"}""", "A calculator web API")).Completed();

        Assert.Equal(("calculator", false), (attempt.Output<ScaffoldOutput>().Template, attempt.Output<ScaffoldOutput>().ModelUsed));
        Assert.EndsWith("'smart' has no language model that answers (builtin of builtin for smart).", attempt.Output<ScaffoldOutput>().Notice, StringComparison.Ordinal);
        Assert.Contains(attempt.Output<ScaffoldOutput>().Notice, attempt.Result.Warnings);
    }

    [Fact]
    public async Task Execute_FeatureForAnAliasWithoutALanguageModel_IsRefused()
    {
        await using var bench = await AgentBench.CreateAsync(("src/App/App.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\" />"));

        Assert.Equal("model_required", (await bench.RunAsync(_agent, """{"mode": "feature", "model": "smart"}""")).Error.Code);
    }

    [Fact]
    public async Task Execute_TemplateAndNameAreGiven_AreUsed()
    {
        await using var bench = await AgentBench.CreateAsync();

        var output = (await bench.RunAsync(_agent, """{"template": "library", "project_name": "sums"}""", "A calculator")).Completed().Output<ScaffoldOutput>();

        Assert.Equal(("library", "Sums"), (output.Template, output.Project));
    }

    [Theory]
    [InlineData("A chess engine", null, "requirements_not_understood", ErrorCategory.Configuration)]
    [InlineData("  ", null, "requirements_empty", ErrorCategory.Validation)]
    [InlineData("A crash on start", """{"mode": "debug"}""", "model_required", ErrorCategory.Configuration)]
    [InlineData("A crash on start", """{"mode": "fix"}""", "model_required", ErrorCategory.Configuration)]
    [InlineData("A calculator", """{"mode": "paint"}""", "mode_unknown", ErrorCategory.Configuration)]
    [InlineData("A calculator", """{"model": "gpt-9"}""", "model_not_found", ErrorCategory.Validation)]
    public async Task Execute_WhatBuiltinCannotDo_FailsAtOnceWithTheRemedy(string requirements, string? with, string code, ErrorCategory category)
    {
        await using var bench = await AgentBench.CreateAsync();

        var error = (await bench.RunAsync(_agent, with, requirements)).Error;

        Assert.Equal((code, category, false), (error.Code, error.Category, error.Retryable));
        Assert.Equal("begin", await bench.GitAsync("show", "work:README.md"));
    }

    [Fact]
    public async Task Execute_FeatureInAProgramThatIsThere_NeedsAModel()
    {
        await using var bench = await AgentBench.CreateAsync(("src/App/App.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\" />"));

        var error = (await bench.RunAsync(_agent, """{"mode": "feature"}""")).Error;

        Assert.Equal("model_required", error.Code);
        Assert.Contains("src/App/App.csproj", error.Message, StringComparison.Ordinal);
        Assert.Contains("with.model", error.SuggestedAction, StringComparison.Ordinal);
    }
}
