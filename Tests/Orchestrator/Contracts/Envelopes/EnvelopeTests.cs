using System.Text.Json;
using System.Text.Json.Nodes;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Contracts.Envelopes;

public sealed class EnvelopeTests
{
    private static readonly TaskId Task = new(new WorkflowId(Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057")), "scaffolding", 2);
    private static readonly AgentId Agent = new("scaffold-1f0a9c3e");
    private static readonly DateTimeOffset At = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private static readonly Envelope[] All =
    [
        new TaskEnvelope
        {
            TaskId = Task,
            Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            Tracestate = "vendor=1",
            AgentType = "scaffold",
            Priority = Priority.Low,
            CreatedAt = At,
            Deadline = At.AddMinutes(5),
            LeaseMs = 15_000,
            RetryCount = 1,
            MaxRetries = 2,
            MaxIterations = 20,
            Payload = JsonPayload.Parse("""{"template":"calculator"}"""),
            Workspace = new WorkspaceReference { Url = "/git/x.git", Path = "/data/x.git", Branch = "work", BaseCommit = "abc", AttemptBranch = "attempts/scaffolding/2" },
            Approval = new ApprovalDecision { Approved = false, DecidedBy = "ann", DecidedAt = At, Comment = "Not yet." },
            PreviousError = new StructuredError { Code = "tests_failed", Message = "2 tests failed.", Severity = ErrorSeverity.Info, RetryAfterMs = 10 },
            WorkflowContext = new WorkflowContext
            {
                WorkflowType = "app",
                WorkflowName = "calculator",
                Definition = "app",
                Requirements = "Add and divide.",
                Input = JsonPayload.Parse("[1,2]"),
                CurrentStage = "scaffolding",
                PreviousStage = "initialization",
                StageOutputs = new Dictionary<string, JsonPayload> { ["initialization"] = JsonPayload.Parse("""{"ok":true}""") },
            },
        },
        new StatusEnvelope { TaskId = Task, AgentId = Agent, At = At, ProgressPercent = 50, Message = "Half way.", Iteration = 3, Log = ["one", "two"] },
        new CancelEnvelope { TaskId = Task, Reason = "canceled" },
        Result(new StageOutcome.Completed { Output = JsonPayload.Parse("""{"files":3}""") }) with
        {
            Change = new WorkspaceChange { Commit = "def", References = [new ReferenceUpdate("refs/tags/v1", "def")] },
            Artifacts = [new Artifact { Name = "report", Path = "out/report.json", Type = "application/json", SizeBytes = 12, Checksum = "00ff" }],
            Warnings = ["slow"],
            Usage = new Usage { DurationMs = 1, PromptTokens = 2, CompletionTokens = 3, ApiCalls = 4, CpuTimeMs = 5, MemoryUsedBytes = 6 },
        },
        Result(new StageOutcome.Completed()),
        Result(new StageOutcome.Failed { Error = new StructuredError { Code = "x", Message = "It broke." }, Output = JsonPayload.EmptyObject }),
        Result(new StageOutcome.NeedsApproval { Prompt = "Deploy?", Effect = JsonPayload.Parse("""{"target":"production"}""") }),
        Result(new StageOutcome.Snoozed { DelayMs = 60_000, Reason = "Too early." }),
        Result(new StageOutcome.Canceled { Reason = "Shutting down." }),
    ];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, All.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void RoundTrip_OfEachCase_GivesTheSameBytes(int index)
    {
        var json = Write(All[index]);
        var back = JsonSerializer.Deserialize<Envelope>(json, StackJson.Options)!;
        Assert.Equal(All[index].GetType(), back.GetType());
        Assert.Equal(json, Write(back));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Read_UnknownProperties_AreIgnored(int index)
    {
        var node = JsonNode.Parse(Write(All[index]))!.AsObject();
        node.Insert(0, "from_the_future", JsonNode.Parse("""{"a":[1,{"kind":"other"}]}"""));
        if (node["outcome"] is JsonObject outcome)
        {
            outcome["also_new"] = true;
        }

        var back = JsonSerializer.Deserialize<Envelope>(node.ToJsonString(), StackJson.Options)!;
        Assert.Equal(Write(All[index]), Write(back));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Read_DiscriminatorsLast_AreFound(int index)
    {
        var node = JsonNode.Parse(Write(All[index]))!.AsObject();
        MoveToTheEnd(node, "kind");
        if (node["outcome"] is JsonObject outcome)
        {
            MoveToTheEnd(outcome, "type");
        }

        var back = JsonSerializer.Deserialize<Envelope>(node.ToJsonString(), StackJson.Options)!;
        Assert.Equal(Write(All[index]), Write(back));
    }

    [Fact]
    public void Read_ResultWithoutOptionalFields_HasTheDefaults()
    {
        var back = JsonSerializer.Deserialize<ResultEnvelope>(
            $$$"""{"task_id":"{{{Task}}}","agent_id":"{{{Agent}}}","outcome":{"type":"stage.completed"}}""",
            StackJson.Options)!;
        Assert.Equal(Envelope.CurrentVersion, back.EnvelopeVersion);
        Assert.Equal(Usage.None, back.Usage);
        Assert.Empty(back.Artifacts);
        Assert.Empty(back.Warnings);
        Assert.Null(back.Change);
    }

    [Fact]
    public void Read_TaskWithoutPriority_IsMedium()
    {
        var node = JsonNode.Parse(Write(All[0]))!.AsObject();
        node.Remove("priority");
        Assert.Equal(Priority.Medium, node.Deserialize<TaskEnvelope>(StackJson.Options)!.Priority);
    }

    [Theory]
    [InlineData("""{"type":"stage.exploded"}""")]
    [InlineData("""{}""")]
    [InlineData("""null""")]
    public void Read_OutcomeOfNoKnownCase_IsRefused(string outcome)
    {
        var json = $$$"""{"task_id":"{{{Task}}}","agent_id":"{{{Agent}}}","outcome":{{{outcome}}}}""";
        var thrown = Assert.ThrowsAny<Exception>(() => JsonSerializer.Deserialize<ResultEnvelope>(json, StackJson.Options));
        Assert.True(thrown is JsonException or NotSupportedException, thrown.ToString());
    }

    private static ResultEnvelope Result(StageOutcome outcome) => new() { TaskId = Task, AgentId = Agent, Outcome = outcome, StartedAt = At };

    private static string Write(Envelope envelope) => JsonSerializer.Serialize(envelope, StackJson.Options);

    private static void MoveToTheEnd(JsonObject node, string name)
    {
        var value = node[name]!.DeepClone();
        node.Remove(name);
        node[name] = value;
    }
}
