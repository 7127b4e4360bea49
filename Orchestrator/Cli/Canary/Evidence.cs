using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Everything that is known of a run once it is over, from all who know something: whoever submitted, the store, the event log, the agents' ledgers, the broker.</summary>
internal sealed record Evidence
{
    /// <summary>The workflows whose submission was acknowledged, and how they were asked to behave.</summary>
    public required IReadOnlyDictionary<WorkflowId, CanaryInput> Accepted { get; init; }

    /// <summary>The workflows of the run that the store lists.</summary>
    public required IReadOnlyList<WorkflowResource> Workflows { get; init; }

    /// <summary>Their attempts, as the store lists them.</summary>
    public required IReadOnlyList<TaskResource> Attempts { get; init; }

    /// <summary>Their events, in the order of the log.</summary>
    public required IReadOnlyList<EventResource> Events { get; init; }

    /// <summary>What the agents wrote down.</summary>
    public required IReadOnlyList<CanaryLedgerEntry> Ledger { get; init; }

    /// <summary>The run's messages among those that the broker could not get handled; none where there is no broker.</summary>
    public IReadOnlyList<DeadLetterResource> DeadLetters { get; init; } = [];

    /// <summary>Refused submissions that did not say when to come back.</summary>
    public IReadOnlyCollection<string> BareRefusals { get; init; } = [];

    /// <summary>When the run began.</summary>
    public required DateTimeOffset Began { get; init; }

    /// <summary>When this was gathered.</summary>
    public required DateTimeOffset Gathered { get; init; }
}
