using System.Globalization;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Api;

/// <summary>Answers "why is it not moving?" in one sentence. Pure.</summary>
internal static class WaitReason
{
    /// <summary>The reason, as far as the state alone tells it. Null: nothing holds it up.</summary>
    /// <param name="state">The state.</param>
    public static string? OfState(WorkflowState state)
    {
        if (state.End is not null)
        {
            return state.Reason ?? state.Error?.Message;
        }

        if (state.Paused)
        {
            return string.IsNullOrEmpty(state.Reason) ? "It is paused." : $"It is paused: {state.Reason}";
        }

        return state.Stages.FirstOrDefault(stage => stage.Status is StageStatus.AwaitingApproval) is { } asking && state.Status is WorkflowStatus.Waiting
            ? $"Stage '{asking.Name}' waits for approval: {asking.ApprovalPrompt}"
            : null;
    }

    /// <summary>The reason, with what is known of agents. Null: it simply runs.</summary>
    /// <param name="definition">The definition.</param>
    /// <param name="state">The state.</param>
    /// <param name="stages">The stages as they are shown.</param>
    /// <param name="agents">The agents.</param>
    /// <param name="now">The present.</param>
    public static string? Of(WorkflowDefinition definition, WorkflowState state, IReadOnlyList<StageResource> stages, IReadOnlyList<AgentResource> agents, DateTimeOffset now)
    {
        if (OfState(state) is { } reason)
        {
            return reason;
        }

        if (state.End is not null || stages.Any(stage => stage.Status is StageStatus.Running))
        {
            return null;
        }

        if (stages.FirstOrDefault(stage => stage.Status is StageStatus.Verifying) is { } verifying)
        {
            return ForVerification(verifying, now);
        }

        var waiting = stages.FirstOrDefault(stage => stage.Status is StageStatus.Pending);
        if (waiting is null)
        {
            return null;
        }

        if (waiting.NextAttemptAt is { } next && next > now)
        {
            var why = waiting.Error is { } error ? $" after: {error.Message}" : ".";
            return string.Create(CultureInfo.InvariantCulture, $"Stage '{waiting.Name}' is tried again at {next.UtcDateTime:HH:mm:ss} UTC{why}");
        }

        return ForAgent(waiting.Name, definition.Stages.First(stage => stage.Name == waiting.Name).Agent, agents);
    }

    private static string ForVerification(StageResource stage, DateTimeOffset now) => stage.NextAttemptAt is { } next && next > now
        ? string.Create(CultureInfo.InvariantCulture, $"Stage '{stage.Name}' could not be verified, and is checked again at {next.UtcDateTime:HH:mm:ss} UTC after: {stage.Error?.Message}")
        : string.Create(CultureInfo.InvariantCulture, $"Stage '{stage.Name}' is verified since {stage.VerifyingSince?.UtcDateTime:HH:mm:ss} UTC{(stage.Message?.StartsWith("check ", StringComparison.Ordinal) is true ? $", {stage.Message}" : ".")}");

    private static string? ForAgent(string stage, string type, IReadOnlyList<AgentResource> agents)
    {
        var there = agents.Where(agent => agent.AgentType == type && agent.Status is not AgentStatus.Offline).ToList();
        if (there.Count == 0)
        {
            return $"Stage '{stage}' waits for an agent of type '{type}': none is online. Start one.";
        }

        return there.Exists(agent => agent.Status is AgentStatus.Online)
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"Stage '{stage}' waits for an agent of type '{type}': {(there.Count == 1 ? "the only one is" : $"all {there.Count} are")} busy.");
    }
}
