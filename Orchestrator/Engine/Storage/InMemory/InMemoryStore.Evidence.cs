using Stack.Contracts;

namespace Stack.Engine;

public sealed partial class InMemoryStore : IEvidenceStore
{
    /// <inheritdoc />
    public Task PutEvidenceAsync(StoredEvidence evidence, CancellationToken cancellationToken) =>
        Write(
            state =>
            {
                if (!state.Workflows.TryGetValue(evidence.WorkflowId, out var workflow))
                {
                    throw new StoreInvariantException($"Evidence {evidence.Sha256} cannot be kept: there is no workflow {evidence.WorkflowId}.");
                }

                return workflow.Evidence.Exists(kept => kept.Sha256 == evidence.Sha256)
                    ? (state, false)
                    : (state with { Workflows = state.Workflows.SetItem(evidence.WorkflowId, workflow with { Evidence = workflow.Evidence.Add(evidence) }) }, true);
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<StoredEvidence>> ListEvidenceAsync(WorkflowId id, CancellationToken cancellationToken) =>
        Read<IReadOnlyList<StoredEvidence>>(state => state.Workflows.GetValueOrDefault(id)?.Evidence ?? [], cancellationToken);
}
