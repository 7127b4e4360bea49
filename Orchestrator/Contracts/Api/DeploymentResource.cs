using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>What is wanted of a deployment.</summary>
[JsonConverter(typeof(SnakeCaseEnum<DesiredState>))]
public enum DesiredState
{
    /// <summary>It shall run.</summary>
    Running,

    /// <summary>It shall not.</summary>
    Stopped,
}

/// <summary>Where a deployment stands.</summary>
[JsonConverter(typeof(SnakeCaseEnum<DeploymentStatus>))]
public enum DeploymentStatus
{
    /// <summary>Its process starts.</summary>
    Starting,

    /// <summary>It runs and answers.</summary>
    Running,

    /// <summary>It runs and does not answer.</summary>
    Unhealthy,

    /// <summary>It was stopped.</summary>
    Stopped,

    /// <summary>It could not be started, or ended and cannot be restarted.</summary>
    Failed,
}

/// <summary>
/// A program that a deployment stage put into service. The agent that owns it writes what it observes and acts on <see cref="Desired"/>; people change only that.
/// </summary>
public sealed record DeploymentResource
{
    /// <summary>Its name, unique; a later workflow with the same name replaces it.</summary>
    public required string Name { get; init; }

    /// <summary>The workflow of the release that runs.</summary>
    public required WorkflowId WorkflowId { get; init; }

    /// <summary>The release that runs, for example a commit.</summary>
    public required string Release { get; init; }

    /// <summary>What is wanted.</summary>
    public DesiredState Desired { get; init; }

    /// <summary>Where it stands.</summary>
    public DeploymentStatus Status { get; init; }

    /// <summary>Where it answers. Null: it is no server, or does not run.</summary>
    public string? Url { get; init; }

    /// <summary>Its process. Null: it does not run.</summary>
    public int? Pid { get; init; }

    /// <summary>The machine that runs it.</summary>
    public required string Host { get; init; }

    /// <summary>The folder of the release on that machine.</summary>
    public required string Directory { get; init; }

    /// <summary>The program and its arguments, relative to <see cref="Directory"/>.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>The path that answers 200 when it is healthy. Null: a running process is healthy.</summary>
    public string? HealthPath { get; init; }

    /// <summary>What happened last, for a person.</summary>
    public string? Message { get; init; }

    /// <summary>When it last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>All deployments.</summary>
/// <param name="Deployments">The deployments by name.</param>
public sealed record DeploymentList(IReadOnlyList<DeploymentResource> Deployments);
