using Spectre.Console;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>The colors of states.</summary>
internal static class Styles
{
    public static string Of(WorkflowStatus status) => status switch
    {
        WorkflowStatus.Completed => "green",
        WorkflowStatus.Failed or WorkflowStatus.Exhausted => "red",
        WorkflowStatus.Waiting or WorkflowStatus.Paused => "yellow",
        WorkflowStatus.Running => "blue",
        _ => "grey",
    };

    public static string Of(StageStatus status) => status switch
    {
        StageStatus.Completed => "green",
        StageStatus.Failed or StageStatus.Exhausted => "red",
        StageStatus.AwaitingApproval => "yellow",
        StageStatus.Running or StageStatus.Verifying => "blue",
        _ => "grey",
    };

    public static string Of(AgentStatus status) => status switch
    {
        AgentStatus.Online => "green",
        AgentStatus.Busy => "blue",
        AgentStatus.Draining => "yellow",
        _ => "grey",
    };

    public static string Of(DeploymentStatus status) => status switch
    {
        DeploymentStatus.Running => "green",
        DeploymentStatus.Starting => "blue",
        DeploymentStatus.Unhealthy or DeploymentStatus.Failed => "red",
        _ => "grey",
    };

    /// <summary>Text in a style, as markup.</summary>
    public static string Apply(string style, string text) => $"[{style}]{Markup.Escape(text)}[/]";

    /// <summary>Text without a style, as markup.</summary>
    public static string Plain(string text) => Markup.Escape(text);
}
