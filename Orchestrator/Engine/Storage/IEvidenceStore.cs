using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Keeps what verifications found, as it was written, by its hash. It goes with its workflow. Thread-safe.</summary>
/// <remarks>Methods throw <see cref="StoreUnavailableException"/> when the database does not answer.</remarks>
public interface IEvidenceStore
{
    /// <summary>Keeps a record. Idempotent by workflow and hash. Durable on return.</summary>
    /// <param name="evidence">The record.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task PutEvidenceAsync(StoredEvidence evidence, CancellationToken cancellationToken);

    /// <summary>The records of a workflow, in the order in which they were kept.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<StoredEvidence>> ListEvidenceAsync(WorkflowId id, CancellationToken cancellationToken);
}

/// <summary>What a verification found, as a store keeps it.</summary>
/// <param name="WorkflowId">The workflow.</param>
/// <param name="Sha256">SHA-256 of the content, lower-case hexadecimal digits.</param>
/// <param name="At">When it was found.</param>
/// <param name="Content">A <see cref="VerificationRecord"/> as JSON, byte for byte as it was hashed.</param>
public sealed record StoredEvidence(WorkflowId WorkflowId, string Sha256, DateTimeOffset At, JsonPayload Content);
