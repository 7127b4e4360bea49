using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>
/// One way to make resources real. The planner asks every materialiser, in the order the infrastructure mode says, and the first that
/// accepts a resource starts its instances. A materialiser is a singleton and is called for many instances at once.
/// </summary>
internal interface IMaterializer
{
    /// <summary>Which way.</summary>
    MaterializationKind Kind { get; }

    /// <summary>Whether it can make the resource real on this machine, and why or why not, in words for the status table.</summary>
    (bool IsPossible, string Reason) Assess(IResource resource);

    /// <summary>What to do on this machine so that it can make these resources real; null when it does not know.</summary>
    string? Remedy(IReadOnlyList<IResource> refused) => null;

    /// <summary>
    /// Starts an instance. Throws <see cref="DistributedApplicationException"/> with cause and remedy when it cannot be started, and
    /// <see cref="TemporarilyUnavailableException"/> when trying again later may help.
    /// </summary>
    Task<IMaterializedInstance> StartAsync(ResourceInstance instance, CancellationToken cancellationToken);
}

/// <summary>An instance that was started.</summary>
internal interface IMaterializedInstance : IAsyncDisposable
{
    /// <summary>Completes with the exit code when the instance ended by itself or was stopped; never for one without a process.</summary>
    Task<int> Exited { get; }

    /// <summary>The process; null when there is none.</summary>
    int? ProcessId { get; }

    /// <summary>What the snapshot shows of it.</summary>
    ImmutableArray<ResourcePropertySnapshot> Properties { get; }

    /// <summary>The environment it was started with; secrets are not among the values.</summary>
    ImmutableArray<EnvironmentVariableSnapshot> EnvironmentVariables { get; }

    /// <summary>Asks the instance to end, ends it by force after <paramref name="grace"/>, and returns when it and what it started are gone.</summary>
    Task StopAsync(TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>The host ends: as <see cref="StopAsync"/>, but an instance that is to outlive the host stays.</summary>
    Task LeaveAsync(TimeSpan grace, CancellationToken cancellationToken) => StopAsync(grace, cancellationToken);

    /// <summary>Ends the instance and what it started at once. Does nothing when it is gone.</summary>
    void Kill();
}

/// <summary>The resource could not be started now, and may be later without anybody changing it.</summary>
internal sealed class TemporarilyUnavailableException(string message) : DistributedApplicationException(message);
