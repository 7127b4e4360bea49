using System.Text.Json;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Contracts.Definitions;

public sealed class AcceptanceReaderTests
{
    [Fact]
    public void Read_EveryCheck_IsInTheDefinitionAndSurvivesItsStorage()
    {
        var checks = Read("""
            [
              { "type": "command", "run": ["make", "test"], "directory": "src/", "exit_code": 3, "output_contains": "ok", "output_matches": "^a", "timeout": "30s", "name": "it builds" },
              { "type": "command", "run": "make test | tee log" },
              { "type": "http", "run": ["node", "server.js", "{port}"], "path": "/health", "method": "POST", "body": { "a": 1 }, "status": 201, "contains": "x", "matches": "y", "json": [1] },
              { "type": "file", "path": "README.md", "contains": "calculator" },
              { "type": "file", "path": "secret.txt", "exists": false },
              { "type": "diff", "must_change": "src/**", "must_not_change": ["tests/"], "max_lines": 200 },
              { "type": "tests", "min_passed": 5, "report": "out/*.xml", "shell": "npm test" },
              { "type": "coverage", "minimum": 80.5 },
              { "type": "judge", "question": "Is it friendly?", "model": "fast" }
            ]
            """, out var problems);
        Assert.Empty(problems);
        var stored = JsonPayload.From(checks).To<IReadOnlyList<AcceptanceCheck>>()!;
        Assert.Equal(JsonSerializer.Serialize(checks, StackJson.Options), JsonSerializer.Serialize(stored, StackJson.Options));
        var command = Assert.IsType<AcceptanceCheck.CommandLine>(stored[0]);
        Assert.Equal(("it builds", TimeSpan.FromSeconds(30), "src", 3, "ok", "^a"), (command.Title, command.Timeout, command.Directory, command.ExitCode, command.OutputContains, command.OutputMatches));
        Assert.Equal(["make", "test"], command.Run);
        Assert.Equal(("make test | tee log", TimeSpan.FromMinutes(2)), (Assert.IsType<AcceptanceCheck.CommandLine>(stored[1]).Shell, stored[1].Timeout));
        Assert.Equal(("POST", 201, "[1]"), (Assert.IsType<AcceptanceCheck.Http>(stored[2]).Method, ((AcceptanceCheck.Http)stored[2]).Status, ((AcceptanceCheck.Http)stored[2]).Json!.ToString()));
        Assert.False(Assert.IsType<AcceptanceCheck.FileState>(stored[4]).Exists);
        Assert.Equal(["src/**"], Assert.IsType<AcceptanceCheck.Diff>(stored[5]).MustChange);
        Assert.Equal((5, "out/*.xml"), (Assert.IsType<AcceptanceCheck.Tests>(stored[6]).MinPassed, ((AcceptanceCheck.Tests)stored[6]).Report));
        Assert.Equal(80.5, Assert.IsType<AcceptanceCheck.Coverage>(stored[7]).Minimum);
        Assert.Equal("fast", Assert.IsType<AcceptanceCheck.Judge>(stored[8]).Model);
    }

    [Theory]
    [InlineData("""{ "type": "comand" }""", "stages[0].accept[0].type", "Did you mean 'command'?")]
    [InlineData("""{ "type": "magic" }""", "stages[0].accept[0].type", "The checks are: command, coverage, diff, file, http, judge, tests.")]
    [InlineData("""{ "path": "a" }""", "stages[0].accept[0].type", "Add 'type'.")]
    [InlineData("""{ "type": "file" }""", "stages[0].accept[0].path", "Add 'path'.")]
    [InlineData("""{ "type": "file", "path": "../a" }""", "stages[0].accept[0].path", "Write a path relative to the workspace")]
    [InlineData("""{ "type": "file", "path": "a", "matches": "(" }""", "stages[0].accept[0].matches", "Correct it")]
    [InlineData("""{ "type": "file", "path": "a", "matches": "(?=x)" }""", "stages[0].accept[0].matches", "look-arounds")]
    [InlineData("""{ "type": "file", "path": "a", "exists": false, "contains": "b" }""", "stages[0].accept[0].exists", "Remove 'contains'")]
    [InlineData("""{ "type": "file", "path": "a", "contain": "b" }""", "stages[0].accept[0].contain", "Did you mean 'contains'?")]
    [InlineData("""{ "type": "command" }""", "stages[0].accept[0].run", "Write the program and its arguments")]
    [InlineData("""{ "type": "command", "run": [] }""", "stages[0].accept[0].run", "Write the program")]
    [InlineData("""{ "type": "command", "run": ["a"], "shell": "b" }""", "stages[0].accept[0].shell", "Keep one of the two.")]
    [InlineData("""{ "type": "command", "run": "a", "timeout": "2h" }""", "stages[0].accept[0].timeout", "Write 1h or less.")]
    [InlineData("""{ "type": "command", "run": "a", "exit_code": 256 }""", "stages[0].accept[0].exit_code", "from 0 to 255")]
    [InlineData("""{ "type": "http", "run": "a", "path": "health" }""", "stages[0].accept[0].path", "Begin with a slash")]
    [InlineData("""{ "type": "http", "run": "a", "path": "/", "method": "FETCH" }""", "stages[0].accept[0].method", "Write one of: GET")]
    [InlineData("""{ "type": "diff" }""", "stages[0].accept[0].must_change", "Add 'must_change'")]
    [InlineData("""{ "type": "tests", "min_passed": 0 }""", "stages[0].accept[0].min_passed", "from 1 to")]
    [InlineData("""{ "type": "coverage" }""", "stages[0].accept[0].minimum", "Add 'minimum'")]
    [InlineData("""{ "type": "judge" }""", "stages[0].accept[0].question", "Add 'question'.")]
    [InlineData("\"file\"", "stages[0].accept[0]", "Write fields with names and values.")]
    public void Read_WrongCheck_IsRefusedWithFieldAndRemedy(string check, string path, string remedy)
    {
        Read($"[{check}]", out var problems);
        var problem = Assert.Single(problems);
        Assert.Equal(path, problem.Path);
        Assert.Contains(remedy, problem.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SeveralWrongChecks_AreReportedAtOnce()
    {
        Read("""[{ "type": "file" }, { "type": "nothing" }, { "type": "coverage", "minimum": 101 }]""", out var problems);
        Assert.Equal(["stages[0].accept[0].path", "stages[0].accept[1].type", "stages[0].accept[2].minimum"], problems.Select(problem => problem.Path));
    }

    [Fact]
    public void Read_NoList_IsRefused()
    {
        Read("""{ "type": "file" }""", out var problems);
        Assert.Equal("stages[0].accept", Assert.Single(problems).Path);
    }

    private static IReadOnlyList<AcceptanceCheck> Read(string accept, out IReadOnlyList<DefinitionProblem> problems)
    {
        using var document = JsonDocument.Parse($$"""{ "name": "d", "stages": [{ "name": "s", "agent": "noop", "accept": {{accept}} }] }""");
        var reading = DefinitionReader.Read(document.RootElement, agentTypes: null);
        problems = reading.Problems;
        return reading.Definition?.Stages[0].Accept ?? [];
    }
}
