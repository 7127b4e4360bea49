using System.Security.Cryptography;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// Keeps the answers of models, so that a stage that is attempted again pays for none of them twice, and so that a workflow can be replayed without any model.
/// What calls consist of is stored by content, once for each workflow, and removed with it. Thread-safe; durable on return; several orchestrators may share it.
/// </summary>
public interface IModelJournal
{
    /// <summary>Looks up a call.</summary>
    /// <param name="key">The call.</param>
    /// <param name="isGiven">Whether to look among the calls that were imported, and not among those that were made.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Null: it is not journaled.</returns>
    Task<JournaledCall?> FindCallAsync(ModelCallKey key, bool isGiven, CancellationToken cancellationToken);

    /// <summary>Journals a call with the contents that it names; the first writer wins.</summary>
    /// <param name="call">The call; its workflow is in the store.</param>
    /// <param name="contents">The contents that it names. Those that the journal has are not written again.</param>
    /// <param name="cancellationToken">Ends the call before the transaction began.</param>
    /// <returns>False: it was journaled before, or there is no such workflow; nothing was written.</returns>
    Task<bool> RecordCallAsync(ModelCall call, IReadOnlyCollection<JournalContent> contents, CancellationToken cancellationToken);

    /// <summary>Counts that a journaled call was answered from the journal.</summary>
    /// <param name="key">The call.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task CountReplayAsync(ModelCallKey key, CancellationToken cancellationToken);

    /// <summary>Gives a workflow the calls that it shall replay. It need not be in the store yet; what was imported goes when the workflow goes, or by <see cref="ForgetCallsAsync"/>. All or nothing.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="calls">The calls; they become given calls of this workflow, in this order.</param>
    /// <param name="contents">The contents that they name.</param>
    /// <param name="cancellationToken">Ends the call before the transaction began.</param>
    Task ImportCallsAsync(WorkflowId id, IReadOnlyList<ModelCall> calls, IReadOnlyCollection<JournalContent> contents, CancellationToken cancellationToken);

    /// <summary>Removes all that is journaled of a workflow. Idempotent.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task ForgetCallsAsync(WorkflowId id, CancellationToken cancellationToken);

    /// <summary>Lists the calls of a workflow in the order in which they were journaled.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="isGiven">Whether to list those that were imported, and not those that were made.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<ModelCall>> ListCallsAsync(WorkflowId id, bool isGiven, int limit, CancellationToken cancellationToken);

    /// <summary>Reads contents of a workflow's journal by their hashes. Those that are not there are absent.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="hashes">The hashes.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyDictionary<string, JsonPayload>> LoadContentsAsync(WorkflowId id, IReadOnlyCollection<string> hashes, CancellationToken cancellationToken);

    /// <summary>Counts the calls of a workflow that were made, by stage.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<StageCalls>> CountCallsAsync(WorkflowId id, CancellationToken cancellationToken);
}

/// <summary>Which call of a stage it is.</summary>
/// <param name="WorkflowId">The workflow.</param>
/// <param name="Stage">The stage.</param>
/// <param name="Step">The durable step that it belongs to. Empty: none.</param>
/// <param name="RequestHash">SHA-256 of the canonical request, lower-case hexadecimal.</param>
/// <param name="Occurrence">How many equal calls the attempt made before. Below zero: a failure of the call that <c>-1 - Occurrence</c> equal calls came before.</param>
public sealed record ModelCallKey(WorkflowId WorkflowId, string Stage, string Step, string RequestHash, int Occurrence)
{
    /// <summary>The key under which the failure of this call is kept.</summary>
    public ModelCallKey OfFailure() => this with { Occurrence = -1 - Occurrence };
}

/// <summary>A journaled call, without its contents.</summary>
public sealed record ModelCall
{
    /// <summary>Which call.</summary>
    public required ModelCallKey Key { get; init; }

    /// <summary>The attempt that made it; 0: the caller did not say.</summary>
    public required int Attempt { get; init; }

    /// <summary>When its answer was complete.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The model or alias that was asked for.</summary>
    public required string Asked { get; init; }

    /// <summary>The model that answered; empty when none did.</summary>
    public required string Model { get; init; }

    /// <summary>Its provider.</summary>
    public required string Provider { get; init; }

    /// <summary>Tokens read.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Tokens written.</summary>
    public required long CompletionTokens { get; init; }

    /// <summary>What it cost in billionths of a dollar; zero when it was replayed.</summary>
    public required long CostNano { get; init; }

    /// <summary>How often it was answered without a model.</summary>
    public int Replays { get; init; }

    /// <summary>The hashes of what was asked: its parameters and tools, then each message.</summary>
    public required IReadOnlyList<string> Request { get; init; }

    /// <summary>The hash of the answer.</summary>
    public required string Answer { get; init; }
}

/// <summary>A journaled call with its answer.</summary>
/// <param name="Call">The call.</param>
/// <param name="Answer">The answer.</param>
public sealed record JournaledCall(ModelCall Call, JsonPayload Answer);

/// <summary>Something that calls name by its hash.</summary>
/// <param name="Hash">SHA-256 of its bytes, lower-case hexadecimal.</param>
/// <param name="Json">The content.</param>
public sealed record JournalContent(string Hash, JsonPayload Json)
{
    /// <summary>Names a content.</summary>
    /// <param name="json">The content.</param>
    public static JournalContent Of(JsonPayload json) => new(Convert.ToHexStringLower(SHA256.HashData(json.Utf8.Span)), json);
}

/// <summary>How many calls a stage made.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Calls">Calls that are journaled, failures not counted.</param>
/// <param name="Replays">How often one was answered without a model.</param>
public sealed record StageCalls(string Stage, long Calls, long Replays);
