using System.Text.Json;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Contracts.Definitions;

public sealed class DefinitionReaderTests
{
    private const string NameRule = "Start with a lower-case letter; then lower-case letters, digits, hyphens and underscores; at most 63 characters.";
    private const string PathRule = "Write a path relative to the workspace, with forward slashes, without '..' and '.git'.";
    private const string DurationRule = "Write a number with a unit, for example 30s, 5m or 1h30m.";
    private static readonly string[] AgentTypes = ["scaffold", "validation", "noop"];

    [Fact]
    public void Read_AllFields_AreInTheDefinition()
    {
        var definition = Good("""
            {
              "name": "app", "description": "Builds.", "type": "build", "priority": "high", "timeout": "2h",
              "stages": [
                { "name": "scaffolding", "agent": "scaffold", "description": "Writes.", "with": { "template": "calculator" }, "timeout": "10m",
                  "retry": { "max_attempts": 5, "initial_delay": "2s", "max_delay": "1m", "multiplier": 3, "jitter": 0.5 },
                  "iterations": "complex", "approval": { "prompt": "Go?", "expires_after": "1d", "on_expiry": "keep" },
                  "on_failure": "cleanup", "display_state": "SCAFFOLDING", "workspace": false, "working_directory": "src/", "artifacts": ["out/report.json", "docs/"] },
                { "name": "validation", "agent": "validation", "needs": ["scaffolding"] },
                { "name": "cleanup", "agent": "noop" }
              ]
            }
            """);
        Assert.Equal(("app", "Builds.", "build", Priority.High, TimeSpan.FromHours(2)), (definition.Name, definition.Description, definition.Type, definition.Priority, definition.Timeout));
        var stage = definition.Stages[0];
        Assert.Equal(("scaffolding", "scaffold", "Writes.", TimeSpan.FromMinutes(10), 50), (stage.Name, stage.Agent, stage.Description, stage.Timeout, stage.MaxIterations));
        Assert.Equal(new RetryPolicy { MaxAttempts = 5, InitialDelay = TimeSpan.FromSeconds(2), MaxDelay = TimeSpan.FromMinutes(1), Multiplier = 3, Jitter = 0.5 }, stage.Retry);
        Assert.Equal(new ApprovalGate { Prompt = "Go?", ExpiresAfter = TimeSpan.FromDays(1), OnExpiry = ApprovalExpiry.Keep }, stage.Approval);
        Assert.Equal(("cleanup", "SCAFFOLDING", false, "src"), (stage.OnFailure, stage.DisplayState, stage.Workspace, stage.WorkingDirectory));
        Assert.Equal("""{ "template": "calculator" }""", stage.With!.ToString());
        Assert.Equal(["out/report.json", "docs"], stage.Artifacts);
        Assert.Equal(["scaffolding"], definition.Stages[1].Needs);
    }

    [Fact]
    public void Read_OnlyWhatIsNeeded_HasTheDefaults()
    {
        var definition = Good("""{"name":"small","stages":[{"name":"only","agent":"noop"}]}""");
        Assert.Equal(("small", "", "small", Priority.Medium, null), (definition.Name, definition.Description, definition.Type, definition.Priority, definition.Timeout));
        var stage = Assert.Single(definition.Stages);
        Assert.Equal(new StageDefinition { Name = "only", Agent = "noop", DisplayState = "ONLY" } with { Needs = stage.Needs, Artifacts = stage.Artifacts }, stage);
        Assert.Empty(stage.Needs);
    }

    [Theory]
    [InlineData("true", "May this stage start?")]
    [InlineData("{}", "May this stage start?")]
    [InlineData("""{"prompt":"Deploy?"}""", "Deploy?")]
    [InlineData("false", null)]
    [InlineData("null", null)]
    public void Read_Approval_AsFlagOrObject(string approval, string? prompt)
        => Assert.Equal(prompt, Good(Stage($"\"approval\":{approval}")).Stages[0].Approval?.Prompt);

    [Theory]
    [InlineData("\"simple\"", 10)]
    [InlineData("\"default\"", 20)]
    [InlineData("\"complex\"", 50)]
    [InlineData("1", 1)]
    [InlineData("100", 100)]
    public void Read_Iterations_AsClassOrNumber(string iterations, int expected)
        => Assert.Equal(expected, Good(Stage($"\"iterations\":{iterations}")).Stages[0].MaxIterations);

    [Theory]
    [InlineData("\"\"", "")]
    [InlineData("\".\"", "")]
    [InlineData("\"src/app/\"", "src/app")]
    public void Read_WorkingDirectory_IsRelative(string folder, string expected)
        => Assert.Equal(expected, Good(Stage($"\"working_directory\":{folder}")).Stages[0].WorkingDirectory);

    [Fact]
    public void Read_NeedsAsOneText_IsAListOfOne()
        => Assert.Equal(["a"], Good("""{"name":"d","stages":[{"name":"a","agent":"noop"},{"name":"b","agent":"noop","needs":"a"}]}""").Stages[1].Needs);

    [Fact]
    public void Read_MaxDelayBelowInitialDelay_IsRaised()
    {
        var retry = Good(Stage("""
            "retry":{"initial_delay":"5m"}
            """)).Stages[0].Retry;
        Assert.Equal((TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5)), (retry.InitialDelay, retry.MaxDelay));
    }

    [Theory]
    [InlineData("[]", "$", "[]", "An object is needed.", "Write fields with names and values.")]
    [InlineData("\"app\"", "$", "app", "An object is needed.", "Write fields with names and values.")]
    [InlineData("""{"stages":[{"name":"a","agent":"noop"}]}""", "name", null, "It is missing.", "Add 'name'.")]
    [InlineData("""{"name":"","stages":[{"name":"a","agent":"noop"}]}""", "name", "", "It is empty.", "Write a short text.")]
    [InlineData("""{"name":"My App","stages":[{"name":"a","agent":"noop"}]}""", "name", "My App", "It is not a name.", NameRule)]
    [InlineData("""{"name":["a"],"stages":[{"name":"a","agent":"noop"}]}""", "name", "[\"a\"]", "A text is needed.", "Write one line of text.")]
    [InlineData("""{"name":"d","type":"9","stages":[{"name":"a","agent":"noop"}]}""", "type", "9", "It is not a name.", NameRule)]
    [InlineData("""{"name":"d","priority":"urgent","stages":[{"name":"a","agent":"noop"}]}""", "priority", "urgent", "It is not one of the choices.", "Write one of: low, medium, high, critical.")]
    [InlineData("""{"name":"d","timeout":"-5m","stages":[{"name":"a","agent":"noop"}]}""", "timeout", "-5m", "A duration cannot be negative.", DurationRule)]
    [InlineData("""{"name":"d","timeout":-5,"stages":[{"name":"a","agent":"noop"}]}""", "timeout", "-5", "A duration cannot be negative.", DurationRule)]
    [InlineData("""{"name":"d","timeout":"10ms","stages":[{"name":"a","agent":"noop"}]}""", "timeout", "10ms", "The duration is too short.", "Write 1s or more.")]
    [InlineData("""{"name":"d"}""", "stages", null, "A list of stages is needed.", "Add at least one stage with 'name' and 'agent'.")]
    [InlineData("""{"name":"d","stages":[]}""", "stages", "[]", "A list of stages is needed.", "Add at least one stage with 'name' and 'agent'.")]
    [InlineData("""{"name":"d","stages":{}}""", "stages", "{}", "A list of stages is needed.", "Add at least one stage with 'name' and 'agent'.")]
    [InlineData("""{"name":"d","stages":["a"]}""", "stages[0]", "a", "An object is needed.", "Write fields with names and values.")]
    [InlineData("""{"name":"d","stagse":1,"stages":[{"name":"a","agent":"noop"}]}""", "stagse", "1", "There is no such field.", "Did you mean 'stages'?")]
    [InlineData("""{"name":"d","colour":"red","stages":[{"name":"a","agent":"noop"}]}""", "colour", "red", "There is no such field.", "Remove it; the fields are: description, name, priority, stages, timeout, type.")]
    public void Read_OneThingWrong_NamesPathValueAndRemedy(string json, string path, string? value, string message, string remedy)
        => Assert.Equal([(path, value, message, remedy)], Problems(json));

    [Theory]
    [InlineData("\"timeout\":30", "timeout", "30", "It is not a duration.", DurationRule)]
    [InlineData("\"timeout\":\"0s\"", "timeout", "0s", "The duration is too short.", "Write 1s or more.")]
    [InlineData("\"timeout\":\"-1s\"", "timeout", "-1s", "A duration cannot be negative.", DurationRule)]
    [InlineData("\"timout\":\"30s\"", "timout", "30s", "There is no such field.", "Did you mean 'timeout'?")]
    [InlineData("\"needs\":{}", "needs", "{}", "A list of texts is needed.", "Write [one, two].")]
    [InlineData("\"needs\":[1]", "needs", "[1]", "A list of texts is needed.", "Write [one, two].")]
    [InlineData("\"with\":[1]", "with", "[1]", "An object is needed.", "Write the agent's parameters as names and values.")]
    [InlineData("\"retry\":3", "retry", "3", "An object is needed.", "Write fields with names and values.")]
    [InlineData("\"retry\":{\"max_attempts\":0}", "retry.max_attempts", "0", "The number is out of range.", "Write a whole number from 1 to 20.")]
    [InlineData("\"retry\":{\"max_attempts\":2.5}", "retry.max_attempts", "2.5", "The number is out of range.", "Write a whole number from 1 to 20.")]
    [InlineData("\"retry\":{\"max_attempts\":\"many\"}", "retry.max_attempts", "many", "A number is needed.", "Write a whole number from 1 to 20.")]
    [InlineData("\"retry\":{\"multiplier\":0.5}", "retry.multiplier", "0.5", "The number is out of range.", "Write a number from 1 to 10.")]
    [InlineData("\"retry\":{\"jitter\":\"NaN\"}", "retry.jitter", "NaN", "The number is out of range.", "Write a number from 0 to 1.")]
    [InlineData("\"retry\":{\"atempts\":2}", "retry.atempts", "2", "There is no such field.", "Remove it; the fields are: initial_delay, jitter, max_attempts, max_delay, multiplier.")]
    [InlineData("\"iterations\":\"huge\"", "iterations", "huge", "It is not an iteration class.", "Write simple (10), default (20), complex (50), or a number from 1 to 100.")]
    [InlineData("\"iterations\":101", "iterations", "101", "The number is out of range.", "Write a whole number from 1 to 100.")]
    [InlineData("\"approval\":\"yes\"", "approval", "yes", "An object is needed.", "Write fields with names and values.")]
    [InlineData("\"approval\":{\"expires_after\":\"-1d\"}", "approval.expires_after", "-1d", "A duration cannot be negative.", DurationRule)]
    [InlineData("\"approval\":{\"on_expiry\":\"approve\"}", "approval.on_expiry", "approve", "It is not one of the choices.", "Write one of: reject, keep, escalate.")]
    [InlineData("\"approval\":{\"on_expiry\":\"escalate\",\"expires_after\":\"1h\"}", "approval.escalate_to", null, "It is missing.", "Name who may decide, too, when nobody answered in time.")]
    [InlineData("\"approval\":{\"on_expiry\":\"escalate\",\"escalate_to\":[\"boss\"]}", "approval.expires_after", null, "It is missing.", "Say after which time the question escalates, for example 4h.")]
    [InlineData("\"approval\":{\"remind_every\":\"5s\"}", "approval.remind_every", "5s", "The duration is too short.", "Write 1m or more.")]
    [InlineData("\"workspace\":\"yes\"", "workspace", "yes", "Yes or no is needed.", "Write true or false.")]
    [InlineData("\"working_directory\":\"../other\"", "working_directory", "../other", "The path '../other' leaves the workspace.", PathRule)]
    [InlineData("\"working_directory\":\"/etc\"", "working_directory", "/etc", "The path '/etc' leaves the workspace.", PathRule)]
    [InlineData("\"working_directory\":[\"src\"]", "working_directory", "[\"src\"]", "A text is needed.", "Write one line of text.")]
    [InlineData("\"artifacts\":[\"a/../../b\"]", "artifacts", "[\"a/../../b\"]", "The path 'a/../../b' leaves the workspace.", PathRule)]
    [InlineData("\"artifacts\":[\"c:/x\"]", "artifacts", "[\"c:/x\"]", "The path 'c:/x' leaves the workspace.", PathRule)]
    [InlineData("\"artifacts\":[\"a\\\\b\"]", "artifacts", "[\"a\\\\b\"]", "The path 'a\\b' leaves the workspace.", PathRule)]
    [InlineData("\"artifacts\":[\".git/config\"]", "artifacts", "[\".git/config\"]", "The path '.git/config' leaves the workspace.", PathRule)]
    [InlineData("\"on_failure\":\"clean\"", "on_failure", "clean", "There is no stage of this name.", "Name a stage of this definition.")]
    [InlineData("\"on_failure\":\"a\"", "on_failure", "a", "A stage cannot handle its own failure.", "Name another stage, or use 'retry'.")]
    [InlineData("\"needs\":[\"b\"]", "needs[0]", "b", "There is no stage of this name.", "Name a stage of this definition.")]
    [InlineData("\"needs\":[\"a\"]", "needs", "a → a", "The stages need each other in a cycle.", "Remove one of these needs.")]
    public void Read_OneThingWrongInAStage_NamesPathValueAndRemedy(string field, string path, string? value, string message, string remedy)
        => Assert.Equal([($"stages[0].{path}", value, message, remedy)], Problems(Stage(field)));

    [Fact]
    public void Read_UnknownAgentType_NamesTheNearestAndAll()
        => Assert.Equal(
            [("stages[0].agent", "scafold", "There is no agent type of this name.", "Did you mean 'scaffold'? Known types: noop, scaffold, validation. A type becomes known when an agent of that type registers.")],
            Problems("""{"name":"d","stages":[{"name":"a","agent":"scafold"}]}"""));

    [Fact]
    public void Read_AgentTypesNotGiven_AnyNameGoes()
        => Assert.Empty(DefinitionReader.Read(JsonDocument.Parse("""{"name":"d","stages":[{"name":"a","agent":"mine"}]}""").RootElement, null).Problems);

    [Fact]
    public void Read_SameStageTwice_NamesBoth()
        => Assert.Equal(
            [("stages[2].name", "a", "stages[0] has the same name.", "Give each stage a name of its own.")],
            Problems("""{"name":"d","stages":[{"name":"a","agent":"noop"},{"name":"b","agent":"noop"},{"name":"a","agent":"noop"}]}"""));

    [Fact]
    public void Read_Cycle_NamesTheWay()
        => Assert.Equal(
            [("stages[1].needs", "build → test → publish → build", "The stages need each other in a cycle.", "Remove one of these needs.")],
            Problems("""
                {"name":"d","stages":[
                  {"name":"start","agent":"noop"},
                  {"name":"build","agent":"noop","needs":["start","test"]},
                  {"name":"publish","agent":"noop","needs":["build"]},
                  {"name":"test","agent":"noop","needs":["publish"]}]}
                """));

    [Fact]
    public void Read_NeedMisspeltOrTwice_NamesTheNearest()
        => Assert.Equal(
            [
                ("stages[1].needs[0]", "biuld", "There is no stage of this name.", "Did you mean 'build'?"),
                ("stages[1].needs[2]", "build", "The need is listed twice.", "Remove one."),
            ],
            Problems("""{"name":"d","stages":[{"name":"build","agent":"noop"},{"name":"test","agent":"noop","needs":["biuld","build","build"]}]}"""));

    [Fact]
    public void Read_HandlerRules_AreChecked()
        => Assert.Equal(
            [
                ("stages[0].on_failure", "tidy", "A failure handler has no needs and no handler of its own.", "Remove 'needs' and 'on_failure' from 'tidy'."),
                ("stages[2].needs[0]", "tidy", "A failure handler cannot be needed: it runs only when a stage fails.", "Need the stage itself."),
                ("stages[3].on_failure", "tydi", "There is no stage of this name.", "Did you mean 'tidy'?"),
            ],
            Problems("""
                {"name":"d","stages":[
                  {"name":"build","agent":"noop","on_failure":"tidy"},
                  {"name":"tidy","agent":"noop","needs":["build"]},
                  {"name":"test","agent":"noop","needs":["tidy"]},
                  {"name":"ship","agent":"noop","on_failure":"tydi"}]}
                """));

    [Fact]
    public void Read_ManyThingsWrong_ReportsAllAtOnce()
    {
        var problems = Problems("""
            {"name":"X","timeout":"soon","owner":"me","stages":[
              {"name":"a","agent":"noop","timeout":"-1s","needs":["nowhere"],"artifacts":["../x"]},
              {"name":"a","agent":"","retry":{"max_attempts":99,"jitter":2}},
              7]}
            """);
        Assert.Equal(
            ["name", "timeout", "stages[0].timeout", "stages[0].artifacts", "stages[1].agent", "stages[1].retry.max_attempts", "stages[1].retry.jitter", "stages[2]", "owner", "stages[1].name", "stages[0].needs[0]"],
            problems.Select(problem => problem.Path));
    }

    [Fact]
    public void Read_TooManyStages_IsRefused()
    {
        var stages = string.Join(',', Enumerable.Range(0, 201).Select(n => $$"""{"name":"s{{n}}","agent":"noop"}"""));
        Assert.Equal([("stages", null, "There are 201 stages.", "Use at most 200, or split the definition.")], Problems($$"""{"name":"d","stages":[{{stages}}]}"""));
    }

    [Fact]
    public void Read_LongValue_IsShortened()
    {
        var problem = Assert.Single(Problems($$"""{"name":"{{new string('X', 150)}}","stages":[{"name":"a","agent":"noop"}]}"""));
        Assert.Equal(120, problem.Value!.Length);
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("e2e_testing-9", true)]
    [InlineData("9a", false)]
    [InlineData("A", false)]
    [InlineData("ä", false)]
    [InlineData("a b", false)]
    [InlineData("a.b", false)]
    [InlineData("", false)]
    public void IsValid_Name_FollowsTheRule(string name, bool valid) => Assert.Equal(valid, DefinitionNames.IsValid(name));

    [Fact]
    public void IsValid_NameOf64Characters_IsTooLong()
    {
        Assert.True(DefinitionNames.IsValid(new string('a', 63)));
        Assert.False(DefinitionNames.IsValid(new string('a', 64)));
    }

    [Fact]
    public void Problem_AsText_IsOneLine()
        => Assert.Equal(
            "stages[0].timeout: A duration cannot be negative. (found: -1s) Write more.",
            new DefinitionProblem { Path = "stages[0].timeout", Value = "-1s", Message = "A duration cannot be negative.", Remedy = "Write more." }.ToString());

    private static string Stage(string field) => $$"""{"name":"d","stages":[{"name":"a","agent":"noop",{{field}}}]}""";

    private static WorkflowDefinition Good(string json)
    {
        using var document = JsonDocument.Parse(json);
        var reading = DefinitionReader.Read(document.RootElement, AgentTypes);
        Assert.Empty(reading.Problems);
        return reading.Definition!;
    }

    private static List<(string Path, string? Value, string Message, string Remedy)> Problems(string json)
    {
        using var document = JsonDocument.Parse(json);
        var reading = DefinitionReader.Read(document.RootElement, AgentTypes);
        Assert.Null(reading.Definition);
        return [.. reading.Problems.Select(problem => (problem.Path, problem.Value, problem.Message, problem.Remedy))];
    }
}
