using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// The durable memory of the engine. It stores what the pure core says and decides nothing; its only judgement is the compare-and-set on a workflow's version.
/// </summary>
/// <remarks>
/// Thread-safe. When <see cref="CommitAsync"/> returns, what it wrote survives the loss of the process and of power. Reads see everything committed before they began.
/// Times are stored in UTC with at least millisecond precision.
/// Methods throw <see cref="StoreUnavailableException"/> when the database does not answer; nothing was written then, or the caller must assume that it may have been
/// and find out by compare-and-set.
/// </remarks>
public interface IWorkflowStore : IApprovalStore
{
    /// <summary>Brings the schema up to date under a lock. Idempotent: a schema that is up to date is a success. A newer one is refused.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="StoreSchemaException">The schema was made by a newer version of the program.</exception>
    Task MigrateAsync(CancellationToken cancellationToken);

    /// <summary>Writes a batch in one transaction. Workflows whose version is not the expected one are left out, together with all that belongs to them, and named in the outcome; the others are written.</summary>
    /// <param name="batch">What to write.</param>
    /// <param name="cancellationToken">Ends the call before the transaction began; never in the middle.</param>
    Task<CommitOutcome> CommitAsync(CommitBatch batch, CancellationToken cancellationToken);

    /// <summary>Reads workflows with their state. Unknown ids are absent.</summary>
    /// <param name="ids">The ids, at most 1,000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<StoredWorkflow>> LoadAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken);

    /// <summary>Reads the outputs of the counted, completed attempts of a workflow, by stage. Blobs are resolved.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyDictionary<string, JsonPayload>> LoadOutputsAsync(WorkflowId id, CancellationToken cancellationToken);

    /// <summary>Lists workflows, newest first.</summary>
    /// <param name="query">The filters.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<StoredWorkflow>> ListAsync(WorkflowQuery query, CancellationToken cancellationToken);

    /// <summary>Reads events in the order in which they were committed.</summary>
    /// <param name="workflowId">Only of this workflow. Null: of all.</param>
    /// <param name="after">Only those with a higher id.</param>
    /// <param name="limit">At most this many; 1 to 10,000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<StoredEvent>> ReadEventsAsync(WorkflowId? workflowId, long after, int limit, CancellationToken cancellationToken);

    /// <summary>Lists attempts, newest first.</summary>
    /// <param name="query">The filters.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<StoredAttempt>> ListAttemptsAsync(AttemptQuery query, CancellationToken cancellationToken);

    /// <summary>Reads one attempt with its output. Null: there is none.</summary>
    /// <param name="id">The attempt.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<StoredAttempt?> FindAttemptAsync(TaskId id, CancellationToken cancellationToken);

    /// <summary>Pages through all attempts that are not over, in the order of their ids: what a starting orchestrator takes up again.</summary>
    /// <param name="after">Where the last page ended. Null: the beginning.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<ActiveAttempt>> ListActiveAttemptsAsync(TaskId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Attempts that run although their lease or their deadline has passed, longest overdue first.</summary>
    /// <param name="now">The present.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<ActiveAttempt>> ListOverdueAttemptsAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>Gives all running attempts a lease until the given time: their agents could not renew it while no orchestrator was there, or it was given by a clock that was wrong.</summary>
    /// <param name="until">The time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>How many were changed.</returns>
    Task<int> RestartLeasesAsync(DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>Workflows for which time alone changes something now.</summary>
    /// <param name="now">The present.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<WorkflowId>> ListDueTimersAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>Looks up an idempotency key. Null: it was not used, or has expired with its workflow.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IdempotencyRecord?> FindIdempotencyKeyAsync(string key, CancellationToken cancellationToken);

    /// <summary>Looks up a durable step. Null: it is not journaled.</summary>
    /// <param name="key">The step.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<JsonPayload?> FindStepAsync(StepKey key, CancellationToken cancellationToken);

    /// <summary>Journals a durable step; the first writer wins. Durable on return.</summary>
    /// <param name="key">The step.</param>
    /// <param name="attempt">The attempt that made it.</param>
    /// <param name="result">Its result.</param>
    /// <param name="at">When.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What the journal holds.</returns>
    Task<JsonPayload> RecordStepAsync(StepKey key, int attempt, JsonPayload result, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Removes workflows that ended before a time, with all that belongs to them, their budgets too. In pieces, so that it never holds up others for long.</summary>
    /// <param name="endedBefore">The time.</param>
    /// <param name="limit">At most this many workflows.</param>
    /// <param name="dryRun">Only count.</param>
    /// <param name="cancellationToken">Ends the call between pieces.</param>
    /// <returns>The ids that were, or would be, removed.</returns>
    Task<IReadOnlyList<WorkflowId>> PruneAsync(DateTimeOffset endedBefore, int limit, bool dryRun, CancellationToken cancellationToken);

    /// <summary>Reads the versions of workflows: the cheapest way to find out whether what is in memory is the past. Unknown ids are absent.</summary>
    /// <param name="ids">The ids, at most 1,000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyDictionary<WorkflowId, long>> ReadVersionsAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken);

    /// <summary>The highest id in the event log that <see cref="ReadEventsAsync"/> gives; 0 when it is empty.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<long> ReadLastEventIdAsync(CancellationToken cancellationToken);

    /// <summary>Parks attempts: from now on they wait in the store alone, until an orchestrator takes them. Those that run, are over, or are another orchestrator's are left out.</summary>
    /// <param name="node">Whose they are.</param>
    /// <param name="tasks">The attempts, at most 5,000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>How many are parked now that were not.</returns>
    Task<int> ParkAsync(int node, IReadOnlyCollection<TaskId> tasks, CancellationToken cancellationToken);

    /// <summary>Tells which of some attempts wait for an agent and are an orchestrator's to offer. Those that run, are over, are parked, or are another's are left out.</summary>
    /// <param name="node">Whose they are.</param>
    /// <param name="tasks">The attempts, at most 5,000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyCollection<TaskId>> ListWaitingAsync(int node, IReadOnlyCollection<TaskId> tasks, CancellationToken cancellationToken);

    /// <summary>Tells which attempts have been an orchestrator's to offer for some time: they wait for an agent, can begin, and no broker holds them. In no order.</summary>
    /// <param name="node">Whose they are.</param>
    /// <param name="since">Only those that were there, and could begin, before this time.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyCollection<TaskId>> ListOfferedAsync(int node, DateTimeOffset since, int limit, CancellationToken cancellationToken);

    /// <summary>Parks attempts that wait for nobody: their orchestrators are gone. Idempotent; those that a broker holds are parked, too, and can be taken after their deadline.</summary>
    /// <param name="roll">Who is there.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>How many are parked now that were not. Less than the limit: there are no more.</returns>
    Task<int> ParkAbandonedAsync(NodeRoll roll, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Takes parked attempts, highest priority first and oldest first within a priority. Two takers never get the same one. What a broker held is given only after its deadline.
    /// </summary>
    /// <param name="node">Whose they are from now on.</param>
    /// <param name="agentType">Only those of this type. Null: of any.</param>
    /// <param name="now">The present.</param>
    /// <param name="horizon">How far in the future the time may lie at which they may begin.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="cancellationToken">Ends the call before anything is taken.</param>
    Task<IReadOnlyList<ActiveAttempt>> TakeParkedAsync(int node, string? agentType, DateTimeOffset now, TimeSpan horizon, int limit, CancellationToken cancellationToken);

    /// <summary>Counts workflows by status and attempts that are not over by agent type and status.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<StoreCounts> CountAsync(CancellationToken cancellationToken);
}

/// <summary>The database does not answer.</summary>
/// <param name="message">What happened.</param>
/// <param name="innerException">The driver's error.</param>
public sealed class StoreUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>The schema does not fit the program.</summary>
/// <param name="message">Which versions meet, and the remedy.</param>
public sealed class StoreSchemaException(string message) : Exception(message);
