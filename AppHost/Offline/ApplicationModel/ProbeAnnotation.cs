using System.Diagnostics.CodeAnalysis;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>What a probe is for.</summary>
[Experimental("ASPIREPROBES001")]
public enum ProbeType
{
    /// <summary>Whether it has started.</summary>
    Startup = 0,

    /// <summary>Whether it can take requests.</summary>
    Readiness = 1,

    /// <summary>Whether it is alive, or must be started again.</summary>
    Liveness = 2,
}

/// <summary>A question that the platform which runs the resource asks it again and again.</summary>
[Experimental("ASPIREPROBES001")]
public abstract class ProbeAnnotation : IResourceAnnotation
{
    /// <summary>What it is for.</summary>
    public required ProbeType Type { get; init; }

    /// <summary>How long to wait before the first, in seconds.</summary>
    /// <value>Default 5.</value>
    public int InitialDelaySeconds { get; init; } = 5;

    /// <summary>How often, in seconds.</summary>
    /// <value>Default 5.</value>
    public int PeriodSeconds { get; init; } = 5;

    /// <summary>How long an answer may take, in seconds.</summary>
    /// <value>Default 1.</value>
    public int TimeoutSeconds { get; init; } = 1;

    /// <summary>After how many failures in a row it counts as failed.</summary>
    /// <value>Default 3.</value>
    public int FailureThreshold { get; init; } = 3;

    /// <summary>After how many successes in a row it counts as passed.</summary>
    /// <value>Default 1.</value>
    public int SuccessThreshold { get; init; } = 1;
}

/// <summary>A probe that is a GET of an endpoint.</summary>
[Experimental("ASPIREPROBES001")]
public sealed class EndpointProbeAnnotation : ProbeAnnotation
{
    /// <summary>The endpoint.</summary>
    public required EndpointReference EndpointReference { get; init; }

    /// <summary>The path.</summary>
    public required string Path { get; init; }
}
