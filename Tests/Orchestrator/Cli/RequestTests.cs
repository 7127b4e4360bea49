using System.Text.Json;
using Stack.Cli;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Cli;

/// <summary>What each command asks of the orchestrator, and what it prints of the answer.</summary>
public sealed class RequestTests : IAsyncLifetime
{
    private const string Id = "0199c2a4-1111-7000-8000-000000000001";
    private ScriptedOrchestrator _orchestrator = null!;

    public async Task InitializeAsync()
    {
        _orchestrator = await ScriptedOrchestrator.StartAsync();
        var workflow = Scripts.Workflow(Id) with { ProjectRequirements = "A calculator", TraceId = "0af7651916cd43dd8448eb211c80319c" };
        _orchestrator.Put(workflow);
        _orchestrator.Append(workflow.Id, "stage.log", "validation", 1, new { lines = new[] { "one", "two" } });
        _orchestrator.OnSubmit = request => Scripts.Workflow("0199c2a4-2222-7000-8000-000000000002", request.Name ?? "unnamed");
        _orchestrator.Deployments.Add(Scripts.Deployment(workflow.Id));
        _orchestrator.DeadLetters.Add(new DeadLetterResource { Id = "00ff", Kind = "task", Reason = "delivery_limit", SizeBytes = 3 });
        _orchestrator.Ended.Add(new EndedWorkflow(workflow.Id, "calculator", WorkflowStatus.Failed, Scripts.Start));
        _orchestrator.Files = new FileTree("0123456789abcdef", [new FileEntry("src", "directory", null), new FileEntry("src/Program.cs", "file", 2048)]);
        _orchestrator.Evidence = new EvidenceList
        {
            WorkflowId = workflow.Id,
            Intact = true,
            Verifications = [new EvidenceResource { Sha256 = new string('a', 64), Intact = true, Record = Refuted(workflow.Id) }],
        };
        _orchestrator.Definitions.Add(new DefinitionResource { Name = "app", Description = "Makes an app", Version = "0123456789abcdef0123", BuiltIn = true, Source = "name: app\n" });
        _orchestrator.Agents.Add(new AgentResource
        {
            AgentId = new AgentId("scaffold-00000001"),
            AgentType = "scaffold",
            Version = "0.1.0",
            Status = AgentStatus.Busy,
            Running = [new TaskId(workflow.Id, "scaffolding", 1)],
            MaxConcurrency = 2,
            Host = "here",
            Pid = 4711,
            RegisteredAt = Scripts.Start,
            LastHeartbeat = Scripts.Start,
        });
    }

    public async Task DisposeAsync() => await _orchestrator.DisposeAsync();

    private static VerificationRecord Refuted(WorkflowId id) => new()
    {
        WorkflowId = id,
        Stage = "validation",
        Attempt = 2,
        VerifiedBy = "orchestrator",
        StartedAt = Scripts.Start,
        FinishedAt = Scripts.Start.AddSeconds(2),
        Verified = false,
        Checks = [new CheckEvidence { Name = "README.md is there", Type = "file", Passed = false, Expected = "it is there", Actual = "it is not there" }],
    };

    public static TheoryData<string, string, string> Requests => new()
    {
        { "run wishes --name shop --definition app --priority high --no-follow", "POST /api/v1/workflows", """{"name":"shop","project_requirements":"wishes","definition":"app","priority":"high"}""" },
        { "list --status waiting --type app --priority low --definition app --limit 3", "GET /api/v1/workflows?status=waiting&type=app&priority=low&definition=app&limit=3", "" },
        { $"show {Id}", $"GET /api/v1/workflows/{Id}", "" },
        { $"logs {Id} --stage validation", $"GET /api/v1/workflows/{Id}/logs?stage=validation", "" },
        { $"cancel {Id} --reason enough", $"POST /api/v1/workflows/{Id}/cancel", """{"reason":"enough"}""" },
        { $"pause {Id}", $"POST /api/v1/workflows/{Id}/pause", "{}" },
        { $"resume {Id}", $"POST /api/v1/workflows/{Id}/resume", "{}" },
        { $"resume {Id} --iterations +10", $"POST /api/v1/workflows/{Id}/resume", """{"iterations":10}""" },
        { $"retry {Id}", $"POST /api/v1/workflows/{Id}/retry", "{}" },
        { $"retry {Id} --from validation", $"POST /api/v1/workflows/{Id}/retry", """{"from_stage":"validation"}""" },
        { $"files {Id} --ref main", $"GET /api/v1/workflows/{Id}/files?ref=main", "" },
        { $"files {Id} src/Program.cs", $"GET /api/v1/workflows/{Id}/files/src/Program.cs", "" },
        { $"evidence {Id} --stage validation", $"GET /api/v1/workflows/{Id}/evidence", "" },
        { "agents", "GET /api/v1/agents", "" },
        { "definitions list", "GET /api/v1/definitions", "" },
        { "definitions show app", "GET /api/v1/definitions/app", "" },
        { "deployments list", "GET /api/v1/deployments", "" },
        { "deployments stop calculator", "POST /api/v1/deployments/calculator/stop", "" },
        { "deployments start calculator", "POST /api/v1/deployments/calculator/start", "" },
        { "dead-letters list --limit 7", "GET /api/v1/dead-letters?limit=7", "" },
        { "dead-letters show 00ff", "GET /api/v1/dead-letters/00ff", "" },
        { "dead-letters replay 00ff", "POST /api/v1/dead-letters/00ff/replay", "" },
        { "dead-letters discard 00ff", "POST /api/v1/dead-letters/00ff/discard", "" },
        { "prune", "GET /api/v1/retention?limit=20", "" },
        { "prune --before 2026-01-31T12:00:00Z", "GET /api/v1/retention?ended_before=2026-01-31T12%3A00%3A00Z&limit=20", "" },
        { "prune --before 2026-01-31T13:00:00+01:00 --yes", "POST /api/v1/retention/prune", """{"ended_before":"2026-01-31T13:00:00+01:00","limit":100,"dry_run":false}""" },
        { "version", "GET /api/v1/info", "" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Command_GoodArguments_AsksForExactlyThisAndSucceeds(string line, string request, string body)
    {
        var outcome = await StackCommand.RunAsync(_orchestrator, line.Split(' '));

        Assert.Equal((ExitCode.Completed, ""), (outcome.Code, outcome.Error.Contains("Error", StringComparison.Ordinal) ? outcome.Error : ""));
        Assert.NotEmpty(outcome.Out);
        var sent = _orchestrator.Requests.First();
        Assert.Equal(request, $"{sent.Method} {sent.Path}{sent.Query}");
        Assert.Equal(body, sent.Body);
    }

    [Theory]
    [InlineData("run wishes --no-follow", "id")]
    [InlineData("list", "workflows")]
    [InlineData("show last", "stages")]
    [InlineData("logs last", "lines")]
    [InlineData("cancel last", "id")]
    [InlineData("pause last", "id")]
    [InlineData("resume last", "id")]
    [InlineData("retry last", "id")]
    [InlineData("approve last validation", "id")]
    [InlineData("reject last validation", "id")]
    [InlineData("files last", "files")]
    [InlineData("evidence last", "verifications")]
    [InlineData("agents", "agents")]
    [InlineData("definitions list", "definitions")]
    [InlineData("definitions show app", "name")]
    [InlineData("definitions validate -", "valid")]
    [InlineData("definitions apply -", "name")]
    [InlineData("deployments list", "deployments")]
    [InlineData("deployments stop calculator", "status")]
    [InlineData("dead-letters list", "dead_letters")]
    [InlineData("dead-letters replay 00ff", "id")]
    [InlineData("prune", "workflows")]
    [InlineData("prune --yes", "removed")]
    [InlineData("open calculator", "url")]
    [InlineData("version", "orchestrator")]
    public async Task Command_Json_PrintsOneDocument(string line, string property)
    {
        var outcome = await StackCommand.RunAsync(_orchestrator, [.. line.Split(' '), "--json"]);

        Assert.Equal(ExitCode.Completed, outcome.Code);
        using var document = JsonDocument.Parse(outcome.Out);
        Assert.True(document.RootElement.TryGetProperty(property, out _), outcome.Out);
    }

    [Theory]
    [InlineData("list", "0199c2a4-1111-7000-8000-000000000001  running  validation  50 %  medium")]
    [InlineData("show last", "validation   running    2        3")]
    [InlineData("show last", "Wanted      A calculator")]
    [InlineData("evidence last", "validation#2 not verified")]
    [InlineData("evidence last", "README.md is there  file  failed  it is there  it is not there")]
    [InlineData("agents", "scaffold-00000001  scaffold  busy    healthy  1/2   0     0")]
    [InlineData("definitions list", "app   0123456789ab  built in           Makes an app")]
    [InlineData("deployments list", "calculator  running  http://127.0.0.1:40123")]
    [InlineData("deployments stop calculator", "calculator is stopped")]
    [InlineData("dead-letters list", "00ff  task  delivery_limit")]
    [InlineData("dead-letters replay 00ff", "00ff was replayed")]
    [InlineData("dead-letters discard --all", "00ff was discarded")]
    [InlineData("prune", "0199c2a4-1111-7000-8000-000000000001  failed")]
    [InlineData("prune --yes", "1 workflow that ended before 2025-12-01T12:00:00Z was removed.")]
    [InlineData("files last", "2.0 KiB  src/Program.cs")]
    [InlineData("files last src/Program.cs", "content of src/Program.cs")]
    [InlineData("version", "orchestrator 9.9.9 at http://127.0.0.1:")]
    [InlineData("definitions show app", "name: app")]
    public async Task Command_ForPeople_PrintsAlignedLines(string line, string expected)
    {
        var outcome = await StackCommand.RunAsync(_orchestrator, line.Split(' '));

        Assert.Contains(expected, outcome.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', outcome.Out);
    }

    [Fact]
    public async Task List_OnATerminal_ShowsShortIdsInColor()
    {
        var outcome = await new StackCommand { IsTerminal = true }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "list");

        Assert.Contains("0199c2a4-1111 ", outcome.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(Id, outcome.Out, StringComparison.Ordinal);
        Assert.Contains("\e[", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_MoreThanOnePage_CollectsUpToTheLimitAndSaysHowToGoOn()
    {
        for (var number = 2; number <= 250; number++)
        {
            _orchestrator.Put(Scripts.Workflow($"0199c2a4-1111-7000-8000-{number:x12}"));
        }

        var outcome = await StackCommand.RunAsync(_orchestrator, "list", "--limit", "240");

        Assert.Equal(241, outcome.Lines.Length);
        Assert.Contains("--cursor 240", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_KeyWasUsedBefore_SaysSo()
    {
        _orchestrator.OnSubmit = _ => Scripts.Workflow(Id);

        var outcome = await StackCommand.RunAsync(_orchestrator, "run", "wishes", "--no-follow", "--idempotency-key", "monday");

        Assert.Equal("monday", _orchestrator.Requests.First().Headers["Idempotency-Key"]);
        Assert.Contains("'monday' was used before", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FileAndStandardInput_BothAreRead()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "from a file");

        await StackCommand.RunAsync(_orchestrator, "run", "--file", file, "--no-follow");
        await new StackCommand { Input = "from a pipe" }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "run", "-f", "-", "--no-follow");

        File.Delete(file);
        Assert.Equal(["from a file", "from a pipe"], _orchestrator.Requests.Select(request => JsonSerializer.Deserialize<SubmitWorkflowRequest>(request.Body, StackJson.Options)!.ProjectRequirements));
    }

    [Fact]
    public async Task AnyCommand_ApiKey_IsSentAsBearerToken()
    {
        await new StackCommand { Variables = { ["STACK_API_KEY"] = "from-env" } }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "agents");
        await StackCommand.RunAsync(_orchestrator, "agents", "--api-key", "from-option");

        Assert.Equal(["Bearer from-env", "Bearer from-option"], _orchestrator.Requests.Select(request => request.Headers["Authorization"]));
    }

    [Theory]
    [InlineData("open", "http://127.0.0.1:40123", 1)]
    [InlineData("open calculator", "http://127.0.0.1:40123", 1)]
    [InlineData("open last --no-browser", "http://127.0.0.1:40123", 0)]
    public async Task Open_Deployed_PrintsTheAddressAndOpensIt(string line, string address, int opened)
    {
        var command = new StackCommand { IsTerminal = true };

        var outcome = await command.InvokeAsync(_orchestrator.Address, CancellationToken.None, line.Split(' '));

        Assert.Equal(address, outcome.Out.Trim());
        Assert.Equal(opened, command.Opened.Count);
    }

    [Fact]
    public async Task Open_NothingDeployed_PrintsTheWorkflowsAddress()
    {
        _orchestrator.Deployments.Clear();

        var outcome = await StackCommand.RunAsync(_orchestrator, "open", "last");

        Assert.Equal($"{_orchestrator.Address}api/v1/workflows/{Id}", outcome.Out.Trim());
    }

    [Theory]
    [InlineData("release.yaml", "application/yaml")]
    [InlineData("release.json", "application/json")]
    public async Task DefinitionsApply_File_SaysWhatItIs(string name, string type)
    {
        var folder = Directory.CreateTempSubdirectory("stack-cli-");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, name), "name: release");

        await new StackCommand { Directory = folder.FullName }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "definitions", "apply", name);

        folder.Delete(recursive: true);
        Assert.Equal(type, _orchestrator.Requests.Single().Headers["Content-Type"]);
    }
}
