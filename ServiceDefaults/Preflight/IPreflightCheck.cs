namespace Stack.ServiceDefaults.Preflight;

/// <summary>Something that a service cannot work without: a database, a broker, another service.</summary>
/// <remarks>One instance is asked many times, never twice at once.</remarks>
public interface IPreflightCheck
{
    /// <summary>What is checked, as the user knows it: <c>postgres</c>, <c>orchestrator</c>.</summary>
    string Name { get; }

    /// <summary>What the user can do when it fails, as one sentence.</summary>
    string Remedy { get; }

    /// <summary>
    /// Returns when the dependency can be used; throws with the cause when it cannot. Must be free of lasting effects, since it is repeated.
    /// The token ends an attempt that takes longer than <see cref="PreflightOptions.AttemptTimeout"/>.
    /// </summary>
    Task CheckAsync(CancellationToken cancellationToken);
}
