using System.Net;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api.Definitions;

[Collection(OrchestratorCollection.Name)]
public sealed class DefinitionsApiTests(OrchestratorFixture fixture)
{
    private const string Route = "/api/v1/definitions";

    private HttpClient Client => fixture.Host.Client;

    [Fact]
    public async Task Apply_CyclicDefinition_IsRefusedNamingTheCycle()
    {
        var problem = await Client.PostAsync(Route, Answers.Yaml(
            """
            name: circle
            stages:
              - name: a
                agent: noop
                needs: [b]
              - name: b
                agent: noop
                needs: [a]
            """)).ProblemAsync(HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidDefinition);
        var cycle = Assert.Single(problem.Problems!);
        Assert.Equal(("stages[0].needs", "a → b → a", "The stages need each other in a cycle.", "Remove one of these needs.", 5), (cycle.Path, cycle.Value, cycle.Message, cycle.Remedy, cycle.Line));
        Assert.Equal("stages[0].needs: The stages need each other in a cycle. (found: a → b → a) Remove one of these needs.", problem.Detail);
    }

    [Fact]
    public async Task Apply_PathThatLeavesTheWorkspace_IsRefused()
    {
        var problem = await Client.PostAsync(Route, Answers.Yaml(
            """
            name: escape
            stages:
              - name: a
                agent: noop
                artifacts: [report.json, ../../etc/passwd]
            """)).ProblemAsync(HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidDefinition);
        var escape = Assert.Single(problem.Problems!);
        Assert.Equal(("stages[0].artifacts", "The path '../../etc/passwd' leaves the workspace.", 5), (escape.Path, escape.Message, escape.Line));
        Assert.StartsWith("Write a path relative to the workspace, with forward slashes", escape.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_ManyThingsWrong_ReportsEachWithItsLine()
    {
        var problem = await Client.PostAsync(Route, Answers.Yaml(
            """
            name: Bad Name
            stages:
              - name: a
                agent: nop
                timeout: -5m
              - name: a
                agent: noop
                needs: [c]
                retry:
                  max_attempts: 99
            """)).ProblemAsync(HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidDefinition);
        var found = problem.Problems!.ToDictionary(one => one.Path, one => one.Line);
        Assert.Equal(1, found["name"]);
        Assert.Equal(4, found["stages[0].agent"]);
        Assert.Equal(5, found["stages[0].timeout"]);
        Assert.Equal(6, found["stages[1].name"]);
        Assert.Equal(8, found["stages[1].needs[0]"]);
        Assert.Equal(10, found["stages[1].retry.max_attempts"]);
        Assert.StartsWith("Did you mean 'noop'? Known types: canary, deployment, e2e, ", problem.Problems!.Single(one => one.Path == "stages[0].agent").Remedy, StringComparison.Ordinal);
        Assert.StartsWith("6 problems. The first: ", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_SameContentTwice_ChangesNothingAndAnotherContentIsANewVersion()
    {
        var name = "d" + Guid.NewGuid().ToString("N")[..8];
        var first = await Client.PostAsync(Route, Answers.Yaml($"name: {name}\nstages: [{{name: a, agent: noop}}]")).ValueAsync<DefinitionResource>(HttpStatusCode.Created);
        var json = $$"""{ "stages": [ { "agent": "noop", "name": "a" } ], "name": "{{name}}" }""";
        var same = await Client.PostAsync(Route, Answers.Json(json)).ValueAsync<DefinitionResource>();
        Assert.Equal((first.Version, first.AppliedAt), (same.Version, same.AppliedAt));
        var other = await Client.PostAsync(Route, Answers.Yaml($"name: {name}\nstages: [{{name: b, agent: noop}}]")).ValueAsync<DefinitionResource>();
        Assert.NotEqual(first.Version, other.Version);

        var shown = await Client.GetAsync($"{Route}/{name}").ValueAsync<DefinitionResource>();
        Assert.Equal((other.Version, "b", false), (shown.Version, shown.Definition!.Stages[0].Name, shown.BuiltIn));
        Assert.Equal($"name: {name}\nstages: [{{name: b, agent: noop}}]", shown.Source);
    }

    [Fact]
    public async Task List_FreshHost_HasTheBuiltInOnes()
    {
        var all = (await Client.GetAsync(Route).ValueAsync<DefinitionList>()).Definitions;
        foreach (var name in new[] { "app", "bugfix", "feature" })
        {
            Assert.True(all.Single(definition => definition.Name == name).BuiltIn);
        }

        Assert.All(all, definition => Assert.Null(definition.Source));
    }

    [Fact]
    public async Task Validate_GoodAndBad_AnswerWithoutApplying()
    {
        var name = "v" + Guid.NewGuid().ToString("N")[..8];
        var good = await Client.PostAsync(Route + "/validate", Answers.Yaml($"name: {name}\nstages: [{{name: a, agent: noop}}]")).ValueAsync<DefinitionValidation>();
        Assert.True(good.Valid);
        var bad = await Client.PostAsync(Route + "/validate", Answers.Json("{\n  \"name\": \"x\",\n  \"stages\": [\n    {\"name\": \"a\", \"agnet\": \"noop\"}\n  ]\n}")).ValueAsync<DefinitionValidation>();
        Assert.False(bad.Valid);
        var misspelt = bad.Problems.Single(problem => problem.Path == "stages[0].agnet");
        Assert.Equal(("Did you mean 'agent'?", 4), (misspelt.Remedy, misspelt.Line));
        var missing = await Client.GetAsync($"{Route}/{name}").ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        Assert.StartsWith($"There is no definition '{name}'. The known definitions are: app, ", missing.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_TypeOfARegisteredAgent_IsKnownAlsoAfterARestart()
    {
        var folder = Directory.CreateTempSubdirectory("orchestrator-");
        var body = "name: own\nstages: [{name: a, agent: my-type}]";
        await using (var host = await OrchestratorHost.StartOnAsync(folder.FullName))
        {
            await host.Client.PostAsync(Route, Answers.Yaml(body)).ProblemAsync(HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidDefinition);
            await using var agent = await TestAgent.RegisterAsync(host, "my-type");
        }

        await using (var host = await OrchestratorHost.StartOnAsync(folder.FullName))
        {
            await host.Client.PostAsync(Route, Answers.Yaml(body)).ValueAsync<DefinitionResource>(HttpStatusCode.Created);
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Schema_Served_DescribesTheFileAsTheReaderTakesIt()
    {
        var schema = await Client.GetAsync(Route + "/schema").ValueAsync<JsonElement>();
        var stage = schema.GetProperty("properties").GetProperty("stages").GetProperty("items").GetProperty("properties");
        Assert.Equal(DurationText.Pattern, stage.GetProperty("timeout").GetProperty("pattern").GetString());
        Assert.Equal(["reject", "keep", "escalate"], stage.GetProperty("approval").GetProperty("oneOf")[1].GetProperty("properties").GetProperty("on_expiry").GetProperty("enum").EnumerateArray().Select(value => value.GetString()));
        Assert.Equal("The agent type that makes its attempts.", stage.GetProperty("agent").GetProperty("description").GetString());

        var checks = stage.GetProperty("accept").GetProperty("items").GetProperty("anyOf").EnumerateArray().Select(check => check.GetProperty("properties")).ToList();
        Assert.Equal(["command", "http", "file", "diff", "tests", "coverage", "judge"], checks.Select(check => check.GetProperty("type").GetProperty("const").GetString()));
        Assert.Equal("string", checks[0].GetProperty("run").GetProperty("oneOf")[0].GetProperty("type").GetString());
        Assert.All(checks, check => Assert.Equal(DurationText.Pattern, check.GetProperty("timeout").GetProperty("pattern").GetString()));

        // Every field that the reader knows is in the schema, and the other way round: the reader names its fields when it refuses one.
        var refused = await Client.PostAsync(Route + "/validate", Answers.Yaml("name: x\nstages: [{name: a, agent: noop, qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq: 1}]")).ValueAsync<DefinitionValidation>();
        var known = Assert.Single(refused.Problems).Remedy.Split("the fields are: ")[1].TrimEnd('.').Split(", ");
        Assert.Equal(known.Order(StringComparer.Ordinal), stage.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Apply_OtherMediaType_IsRefused()
    {
        using var body = new ByteArrayContent("name: x"u8.ToArray()) { Headers = { ContentType = new("text/plain") } };
        var problem = await Client.PostAsync(Route, body).ProblemAsync(HttpStatusCode.UnsupportedMediaType, ProblemTypes.InvalidRequest);
        Assert.Equal("The Content-Type is 'text/plain'. Send application/json or application/yaml for definitions.", problem.Detail);
    }
}
