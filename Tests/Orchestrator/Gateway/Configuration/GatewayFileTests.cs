using Stack.Orchestrator.Gateway.Configuration;

namespace Stack.Tests.Orchestrator.Gateway.Configuration;

public sealed class GatewayFileTests
{
    [Fact]
    public async Task Edit_Good_HoldsWithoutARestart()
    {
        await using var host = await GatewayHost.StartAsync("aliases: {quick: [builtin]}");

        await File.WriteAllTextAsync(host.File, "aliases: {other: [builtin]}");

        await Eventually.TrueAsync(() => Task.FromResult(host.Configuration.Current.Aliases.ContainsKey("other")), () => "the alias is there", TimeSpan.FromSeconds(10));
        Assert.False(host.Configuration.Current.Aliases.ContainsKey("quick"));
        Assert.Equal(200, (await host.ChatAsync("other", "A calculator")).Status);
    }

    [Fact]
    public async Task Edit_Bad_KeepsTheOldOneAndSaysWhy()
    {
        await using var host = await GatewayHost.StartAsync("aliases: {quick: [builtin]}");

        await File.WriteAllTextAsync(host.File, "aliases:\n  quick: [bultin]\n");

        await Eventually.TrueAsync(() => Task.FromResult(host.Configuration.Problems.Count > 0), () => "the problem is known", TimeSpan.FromSeconds(10));
        Assert.Equal(200, (await host.ChatAsync("quick", "A calculator")).Status);
        var problem = Assert.Single(host.Configuration.Problems);
        Assert.Equal(("aliases.quick", "bultin", "Did you mean 'builtin'?", 2), (problem.Path, problem.Value, problem.Remedy, problem.Line));
        Assert.Contains("Did you mean", await host.Client.GetStringAsync("/api/v1/models"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("providers: {x: {kind: gpt}}", "providers.x.kind", "It is not one of the choices.")]
    [InlineData("providers: {x: {kind: openai, api_key: abc}}", "providers.x.api_key", "Keys do not belong into the file.")]
    [InlineData("providers: {x: {kind: openai, url: localhost}}", "providers.x.url", "It is not an address.")]
    [InlineData("models: {m: {provider: nobody}}", "models.m.provider", "There is no such provider.")]
    [InlineData("models: {m: {provider: builtin, price: cheap}}", "models.m.price", "It is not a price.")]
    [InlineData("models: {m: {provider: builtin, price: {input: 1}}}", "models.m.price.output", "It is missing.")]
    [InlineData("models: {m: {provider: builtin, fallback: [n]}}", "models.m.fallback", "There is no such model.")]
    [InlineData("budgets: {day: {money: -1}}", "budgets.day.money", "The number is out of range.")]
    [InlineData("budgets: {day: {share: 0.5}}", "budgets.day.share", "There is no such field.")]
    [InlineData("alias: {}", "alias", "There is no such field.")]
    [InlineData("models: [a]", "models", "Names with entries are needed.")]
    public void Read_Wrong_NamesFieldAndRemedy(string yaml, string path, string message)
    {
        var (configuration, problems) = GatewayReader.Read(yaml, null);

        Assert.Null(configuration);
        var problem = Assert.Single(problems);
        Assert.Equal((path, message), (problem.Path, problem.Message));
        Assert.NotEmpty(problem.Remedy);
    }

    [Fact]
    public void Read_StageShare_IsASliceOfTheWorkflow()
    {
        var (configuration, problems) = GatewayReader.Read("budgets: {workflow: {money: 2, calls: 10}, stage: {share: 0.25, calls: 5}}", null);

        Assert.Empty(problems);
        Assert.Equal((500_000_000, 2), (configuration!.Budgets.StageLimits.MoneyNano, configuration.Budgets.StageLimits.Calls));
    }
}
