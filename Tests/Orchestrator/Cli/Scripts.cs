using System.Globalization;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Cli;

/// <summary>What scripted orchestrators tell of.</summary>
internal static class Scripts
{
    public static DateTimeOffset Start { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static WorkflowId Id(string text) => WorkflowId.Parse(text, CultureInfo.InvariantCulture);

    public static WorkflowResource Workflow(string id = "0199c2a4-1111-7000-8000-000000000001", string name = "calculator", WorkflowStatus status = WorkflowStatus.Running) => new()
    {
        Id = Id(id),
        WorkflowId = Id(id),
        Name = name,
        Type = "app",
        Definition = "app",
        Status = status,
        State = status.ToString().ToUpperInvariant(),
        CurrentStage = "validation",
        Progress = status == WorkflowStatus.Completed ? 100 : 50,
        Priority = Priority.Medium,
        Version = 7,
        CreatedAt = Start,
        UpdatedAt = Start,
        CompletedAt = Stack.Cli.WorkflowFollower.IsTerminal(status) ? Start.AddSeconds(41) : null,
        HeadCommit = "0123456789abcdef0123456789abcdef01234567",
        Stages =
        [
            new StageResource { Name = "scaffolding", Agent = "scaffold", Status = StageStatus.Completed, Attempt = 1, StartedAt = Start, CompletedAt = Start.AddSeconds(4) },
            new StageResource { Name = "validation", Agent = "validation", Status = StageStatus.Running, Attempt = 2, Iteration = 3, Message = "dotnet test", StartedAt = Start.AddSeconds(4), Needs = ["scaffolding"] },
        ],
    };

    /// <summary>A workflow whose one stage waits for a person.</summary>
    public static WorkflowResource Waiting(string id = "0199c2a4-1111-7000-8000-000000000001", params string[] stages) => Workflow(id, status: WorkflowStatus.Waiting) with
    {
        Stages = [.. (stages.Length == 0 ? ["deployment"] : stages).Select(name => new StageResource { Name = name, Agent = "deployment", Status = StageStatus.AwaitingApproval, ApprovalPrompt = $"May {name} start?" })],
    };

    public static DeploymentResource Deployment(WorkflowId id, string name = "calculator") => new()
    {
        Name = name,
        WorkflowId = id,
        Release = "0123456789abcdef",
        Status = DeploymentStatus.Running,
        Url = "http://127.0.0.1:40123",
        Host = "here",
        Directory = "/srv/calculator",
        UpdatedAt = Start,
    };

    public static ProblemResource Problem(int status, string title, string? detail = null) => new()
    {
        Type = status == 404 ? ProblemTypes.NotFound : ProblemTypes.InvalidRequest,
        Title = title,
        Status = status,
        Detail = detail,
    };

    /// <summary>A run from its submission to its end.</summary>
    public static void Play(this ScriptedOrchestrator orchestrator, WorkflowResource workflow, WorkflowStatus end)
    {
        orchestrator.Append(workflow.Id, "workflow.submitted");
        orchestrator.Append(workflow.Id, "stage.queued", "scaffolding", 1);
        orchestrator.Append(workflow.Id, "stage.started", "scaffolding", 1, new { agent_id = "scaffold-00000001" });
        orchestrator.Append(workflow.Id, "stage.log", "scaffolding", 1, new { lines = new[] { "writing files", "done" } });
        orchestrator.Append(workflow.Id, "stage.completed", "scaffolding", 1, new { commit = "0123456789abcdef" });
        orchestrator.Append(workflow.Id, "stage.progress", "validation", 1, new { message = "dotnet build", iteration = 2, progress_percent = 40 });
        orchestrator.Append(workflow.Id, "stage.progress", "validation", 1, new { message = "dotnet build", iteration = 2, progress_percent = 40 });
        orchestrator.Append(workflow.Id, "stage.retrying", "validation", 1, new { error = new { code = "tests_failed", message = "3 tests failed" } });
        orchestrator.Append(workflow.Id, $"workflow.{end.ToString().ToLowerInvariant()}", data: new { reason = "so it is" });
        orchestrator.Put(workflow with { Status = end, Progress = end == WorkflowStatus.Completed ? 100 : 50, CompletedAt = Start.AddSeconds(41) });
    }
}
