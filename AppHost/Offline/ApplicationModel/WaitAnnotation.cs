namespace Aspire.Hosting.ApplicationModel;

/// <summary>What a resource waits for in another.</summary>
public enum WaitType
{
    /// <summary>It runs, is healthy, and its ready event is handled.</summary>
    WaitUntilHealthy = 0,

    /// <summary>It ended with the expected exit code.</summary>
    WaitForCompletion = 1,

    /// <summary>It runs.</summary>
    WaitUntilStarted = 2,
}

/// <summary>What a wait does when the other resource ended or could not start.</summary>
public enum WaitBehavior
{
    /// <summary>Keep waiting: it may be restarted.</summary>
    WaitOnResourceUnavailable = 0,

    /// <summary>Give up: the waiting resource does not start.</summary>
    StopOnResourceUnavailable = 1,
}

/// <summary>Says that a resource waits for another before it starts.</summary>
public sealed class WaitAnnotation(IResource resource, WaitType waitType, int exitCode = 0) : IResourceAnnotation
{
    /// <summary>The other resource.</summary>
    public IResource Resource { get; } = resource;

    /// <summary>What is waited for.</summary>
    public WaitType WaitType { get; } = waitType;

    /// <summary>The expected exit code, when its end is waited for.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>What to do when it is not available; null means the application's default.</summary>
    public WaitBehavior? WaitBehavior { get; init; }
}
