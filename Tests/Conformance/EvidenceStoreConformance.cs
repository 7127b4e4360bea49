using System.Security.Cryptography;
using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;

namespace Stack.Tests.Conformance;

/// <summary>What <see cref="IEvidenceStore"/> promises, for every adapter.</summary>
public abstract class EvidenceStoreConformance : IAsyncLifetime
{
    private IWorkflowStore _workflows = null!;

    protected IEvidenceStore Store { get; private set; } = null!;

    /// <summary>Opens a migrated store on this test's own, empty database.</summary>
    protected abstract Task<(IWorkflowStore Workflows, IEvidenceStore Evidence)> OpenAsync();

    public async Task InitializeAsync() => (_workflows, Store) = await OpenAsync();

    public abstract Task DisposeAsync();

    [ServerFact]
    public async Task Put_Several_AreListedByteForByteInTheirOrder()
    {
        var id = await SubmitAsync();
        var kept = new[] { Make(id, """{ "b" : 1,  "a":"ü\u0000" }"""), Make(id, """{"second":true}""") };
        foreach (var evidence in kept)
        {
            await Store.PutEvidenceAsync(evidence, CancellationToken.None);
        }

        var listed = await Store.ListEvidenceAsync(id, CancellationToken.None);
        Assert.Equal(kept, listed);
        Assert.All(listed, evidence => Assert.Equal(evidence.Sha256, HashOf(evidence.Content)));
    }

    [ServerFact]
    public async Task Put_SameAgain_IsASuccessAndKeptOnce()
    {
        var id = await SubmitAsync();
        var evidence = Make(id, "{}");
        await Store.PutEvidenceAsync(evidence, CancellationToken.None);
        await Store.PutEvidenceAsync(evidence with { At = Writes.Now.AddDays(1) }, CancellationToken.None);
        Assert.Equal([evidence], await Store.ListEvidenceAsync(id, CancellationToken.None));
    }

    [ServerFact]
    public async Task Put_SameContentOfAnotherWorkflow_IsKeptForBoth()
    {
        var (one, other) = (await SubmitAsync(), await SubmitAsync());
        await Store.PutEvidenceAsync(Make(one, "{}"), CancellationToken.None);
        await Store.PutEvidenceAsync(Make(other, "{}"), CancellationToken.None);
        Assert.Single(await Store.ListEvidenceAsync(one, CancellationToken.None));
        Assert.Single(await Store.ListEvidenceAsync(other, CancellationToken.None));
    }

    [ServerFact]
    public async Task Put_UnknownWorkflow_IsRefused()
    {
        var id = Writes.NextId();
        await Assert.ThrowsAsync<StoreInvariantException>(() => Store.PutEvidenceAsync(Make(id, "{}"), CancellationToken.None));
        Assert.Empty(await Store.ListEvidenceAsync(id, CancellationToken.None));
    }

    [ServerFact]
    public async Task Prune_Workflow_TakesItsEvidenceWithIt()
    {
        var write = Writes.Submit(Writes.NextId());
        await _workflows.CommitAsync(write);
        await Store.PutEvidenceAsync(Make(write.State.Id, "{}"), CancellationToken.None);
        var kept = await SubmitAsync();
        await Store.PutEvidenceAsync(Make(kept, "{}"), CancellationToken.None);
        await _workflows.CommitAsync(write.Then().Ended(WorkflowStatus.Failed));
        Assert.Equal([write.State.Id], await _workflows.PruneAsync(Writes.Now.AddDays(1), 10, dryRun: false, CancellationToken.None));
        Assert.Empty(await Store.ListEvidenceAsync(write.State.Id, CancellationToken.None));
        Assert.Single(await Store.ListEvidenceAsync(kept, CancellationToken.None));
    }

    private async Task<WorkflowId> SubmitAsync()
    {
        var write = Writes.Submit(Writes.NextId());
        await _workflows.CommitAsync(write);
        return write.State.Id;
    }

    private static StoredEvidence Make(WorkflowId id, string content)
    {
        var payload = JsonPayload.Parse(content);
        return new StoredEvidence(id, HashOf(payload), Writes.Now, payload);
    }

    private static string HashOf(JsonPayload content) => Convert.ToHexStringLower(SHA256.HashData(content.Utf8.Span));
}
