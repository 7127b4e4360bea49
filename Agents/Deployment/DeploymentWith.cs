using System.Text.Json.Serialization;
using Stack.Contracts;

namespace Stack.Agents.Deployment;

/// <summary>What a definition passes to the deployment agent.</summary>
internal sealed record DeploymentWith
{
    /// <summary>The deployment's name. A later workflow with the same name replaces it. Null: made of the workflow's name.</summary>
    public string? Name { get; init; }

    /// <summary>The path that answers 200 when the program is healthy. Null: what the probes of the workspace say, else a program that listens is healthy.</summary>
    public string? HealthPath { get; init; }

    /// <summary>How long a new release may take to become healthy.</summary>
    /// <value>The default is 1 minute.</value>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan HealthTimeout { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>What the stage hands on, and what <see cref="FilePath"/> in the workspace says.</summary>
internal sealed record DeploymentRecord
{
    /// <summary>Where it is in the workspace.</summary>
    public const string FilePath = ".stack/deployment.json";

    /// <summary>The deployment's name.</summary>
    public required string Name { get; init; }

    /// <summary>The release.</summary>
    public required string Release { get; init; }

    /// <summary>The commit that was published.</summary>
    public required string Commit { get; init; }

    /// <summary>What the program is.</summary>
    public required ProgramKind Kind { get; init; }

    /// <summary>Where it stands.</summary>
    public required DeploymentStatus Status { get; init; }

    /// <summary>Where it answers. Null: it is no server.</summary>
    public string? Url { get; init; }

    /// <summary>The path that answers 200 when it is healthy. Null: none is known.</summary>
    public string? HealthPath { get; init; }

    /// <summary>The release that it replaced. Null: none.</summary>
    public string? Replaced { get; init; }

    /// <summary>The published files; at most 100.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>What was done, in one sentence.</summary>
    public required string Message { get; init; }
}
