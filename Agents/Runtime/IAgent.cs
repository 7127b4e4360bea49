using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>
/// What an agent type does with one attempt. One instance serves all attempts of its process, at the same time when the type allows more than one: keep state in the context.
/// </summary>
internal interface IAgent
{
    /// <summary>The agent type, as stages name it.</summary>
    string Type { get; }

    /// <summary>Whether an attempt gets a clone of its workflow's repository before it starts. False: <see cref="AgentContext.Workspace"/> must not be used.</summary>
    /// <value>The default is true.</value>
    bool UsesWorkspace => true;

    /// <summary>
    /// Makes one attempt. Throwing is allowed: the runtime turns exceptions into a classified <see cref="StageOutcome.Failed"/>.
    /// What the attempt committed is pushed afterwards, unless the outcome is canceled or snoozed.
    /// </summary>
    /// <param name="context">The task and everything to work with.</param>
    /// <param name="cancellationToken">Ends on cancel, deadline and shutdown. The attempt's processes are ended by the runtime in every case.</param>
    Task<StageOutcome> ExecuteAsync(AgentContext context, CancellationToken cancellationToken);

    /// <summary>What this machine lets the agent do beyond its type, for example <c>chromium</c>. Asked once, at registration, within 5 s.</summary>
    /// <param name="cancellationToken">Ends the probing.</param>
    Task<IReadOnlyList<string>> DetectCapabilitiesAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([]);
}
