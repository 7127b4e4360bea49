using System.Text.Json;
using Microsoft.Extensions.AI;
using Stack.Agents.Tools;
using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>
/// One attempt as an agent sees it: the task, what to work with, and where to put what comes out beside the outcome. Lives as long as the attempt. Thread-safe.
/// </summary>
internal sealed partial class AgentContext
{
    /// <summary>What to do.</summary>
    public required TaskEnvelope Task { get; init; }

    /// <summary>Who does it.</summary>
    public required AgentId AgentId { get; init; }

    /// <summary>Runs programs in the workspace (or, without one, in <see cref="ScratchDirectory"/>). Everything started here ends with the attempt.</summary>
    public required ProcessTool Processes { get; init; }

    /// <summary>The language model, through the gateway. Its tokens are added to the attempt's usage.</summary>
    public required IChatClient Chat { get; init; }

    /// <summary>The orchestrator's HTTP API, with this agent's token; the base address is set.</summary>
    public required HttpClient Orchestrator { get; init; }

    /// <summary>Requests to anywhere else, for example to probe a program. Carries no token.</summary>
    public required HttpClient Http { get; init; }

    /// <summary>A folder that attempts and restarts share, private to this agent type on this machine.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>An empty folder for this attempt, outside the workspace, removed afterwards. Also its child processes' TMPDIR.</summary>
    public required string ScratchDirectory
    {
        get => Directory.CreateDirectory(field).FullName;
        init;
    }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>The clone of the workflow's repository, at <see cref="WorkspaceReference.BaseCommit"/>.</summary>
    /// <exception cref="AgentFailure">The stage has none, or the agent said that it uses none.</exception>
    public Workspace Workspace => OptionalWorkspace ?? throw new AgentFailure(new StructuredError
    {
        Code = "workspace_missing",
        Message = $"The stage '{Task.TaskId.Stage}' has no workspace, and its agent '{Task.AgentType}' needs one.",
        Category = ErrorCategory.Configuration,
        Class = FailureClass.Unproductive,
        SuggestedAction = "Run the stage in a workflow with a workspace.",
    });

    /// <summary>The clone, for agents that can do without. Null: the stage has none.</summary>
    public Workspace? OptionalWorkspace { get; init; }

    /// <summary>Where durable steps are journaled.</summary>
    internal required ITaskFeed Feed { get; init; }

    /// <summary>Collects progress and log lines until they are sent.</summary>
    internal required StatusBuffer Status { get; init; }

    /// <summary>The stage's <c>with</c>, read as a type of the agent's own; a new instance when the stage has none.</summary>
    /// <typeparam name="T">The type; its properties are snake_case in the definition.</typeparam>
    /// <exception cref="AgentFailure">The payload does not fit; it names the path.</exception>
    public T With<T>()
        where T : class, new()
    {
        try
        {
            return Task.Payload?.To<T>() ?? new T();
        }
        catch (JsonException exception)
        {
            throw new AgentFailure(
                new StructuredError
                {
                    Code = "with_invalid",
                    Message = $"`with` of the stage '{Task.TaskId.Stage}' does not fit the agent '{Task.AgentType}': {exception.Message}",
                    Category = ErrorCategory.Validation,
                    Class = FailureClass.Unproductive,
                    SuggestedAction = $"Correct `with` at {exception.Path ?? "$"} in the definition '{Task.WorkflowContext.Definition}'.",
                },
                exception);
        }
    }

    /// <summary>The output of a stage that this one needs, directly or through others. Null: it has none, or it is JSON <c>null</c>.</summary>
    /// <typeparam name="T">What it is read as.</typeparam>
    /// <param name="stage">The stage's name.</param>
    public T? OutputOf<T>(string stage) =>
        Task.WorkflowContext.StageOutputs.TryGetValue(stage, out var output) ? output.To<T>() : default;

    /// <summary>Says how far the attempt is. Sent in the background, at most four times a second; the latest wins.</summary>
    /// <param name="progressPercent">0 to 100. Null: not known.</param>
    /// <param name="message">What it does now, in one line. Null: no change.</param>
    /// <param name="iteration">The iteration of a loop, from 1. Null: no change.</param>
    public void Report(int? progressPercent, string? message = null, int? iteration = null) => Status.Report(progressPercent, message, iteration);

    /// <summary>Adds a line to the attempt's log. Sent in the background, in order.</summary>
    /// <param name="line">The line; longer than 4,000 characters is cut.</param>
    public void Log(string line) => Status.Log(line);
}
