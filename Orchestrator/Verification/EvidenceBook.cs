using System.Security.Cryptography;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Verification;

/// <summary>Keeps evidence under its hash; each record names the one before it, so that one that is changed or taken away is noticed.</summary>
/// <param name="store">Where it is kept.</param>
internal sealed class EvidenceBook(IEvidenceStore store)
{
    private readonly AsyncGate _gate = new();

    /// <summary>Keeps a record. Durable on return.</summary>
    /// <param name="record">The record; the one before it is filled in.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Its hash.</returns>
    public async Task<string> KeepAsync(VerificationRecord record, CancellationToken cancellationToken)
    {
        using (await _gate.EnterAsync(cancellationToken))
        {
            var before = await store.ListEvidenceAsync(record.WorkflowId, cancellationToken);
            var content = JsonPayload.From(record with { Previous = before.Count > 0 ? before[^1].Sha256 : null });
            var hash = HashOf(content);
            await store.PutEvidenceAsync(new StoredEvidence(record.WorkflowId, hash, record.FinishedAt, content), cancellationToken);
            return hash;
        }
    }

    /// <summary>Reads what is kept of a workflow, and says whether it is as it was written.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<EvidenceList> ReadAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var list = new List<EvidenceResource>();
        foreach (var kept in await store.ListEvidenceAsync(id, cancellationToken))
        {
            var record = kept.Content.To<VerificationRecord>()!;
            var follows = record.Previous is { } previous ? seen.Contains(previous) : seen.Count == 0;
            list.Add(new EvidenceResource { Sha256 = kept.Sha256, Intact = follows && HashOf(kept.Content) == kept.Sha256 && record.WorkflowId == id, Record = record });
            seen.Add(kept.Sha256);
        }

        return new EvidenceList { WorkflowId = id, Intact = list.TrueForAll(piece => piece.Intact), Verifications = list };
    }

    private static string HashOf(JsonPayload content) => Convert.ToHexStringLower(SHA256.HashData(content.Utf8.Span));
}
