using Stack.Engine;
using Stack.Tests.Conformance;

namespace Stack.Tests.Orchestrator.Engine.Storage.InMemory;

public sealed class InMemoryWorkflowStoreTests : WorkflowStoreConformance
{
    public override Task DisposeAsync() => Task.CompletedTask;

    protected override Task<IWorkflowStore> OpenAsync() => Task.FromResult<IWorkflowStore>(new InMemoryStore());
}

public sealed class InMemoryDefinitionStoreTests : DefinitionStoreConformance
{
    public override Task DisposeAsync() => Task.CompletedTask;

    protected override Task<IDefinitionStore> OpenAsync() => Task.FromResult<IDefinitionStore>(new InMemoryStore());
}

public sealed class InMemoryDeploymentStoreTests : DeploymentStoreConformance
{
    public override Task DisposeAsync() => Task.CompletedTask;

    protected override Task<IDeploymentStore> OpenAsync() => Task.FromResult<IDeploymentStore>(new InMemoryStore());
}

public sealed class InMemorySharedStoreTests : SharedStoreConformance
{
    private readonly InMemoryNodes _nodes = new(TimeProvider.System);

    public override Task DisposeAsync() => Task.CompletedTask;

    protected override Task<(IWorkflowStore Store, INodeDirectory Nodes)> OpenAsync() =>
        Task.FromResult<(IWorkflowStore, INodeDirectory)>((new InMemoryStore(), _nodes));

    protected override INodeDirectory OpenNodes() => _nodes;
}

public sealed class InMemoryLedgerStoreTests : LedgerStoreConformance
{
    public override Task DisposeAsync() => Task.CompletedTask;

    protected override Task<(IWorkflowStore Workflows, ILedgerStore Ledger)> OpenAsync()
    {
        var ledger = new InMemoryLedger();
        return Task.FromResult<(IWorkflowStore, ILedgerStore)>((new InMemoryStore(ledger), ledger));
    }
}

public sealed class InMemoryModelJournalTests : ModelJournalConformance
{
    private readonly InMemoryStore _store = new();

    public override Task DisposeAsync() => Task.CompletedTask;

    protected override Task<(IModelJournal Journal, IWorkflowStore Workflows)> OpenAsync() => Task.FromResult<(IModelJournal, IWorkflowStore)>((_store, _store));
}

public sealed class InMemoryEvidenceStoreTests : EvidenceStoreConformance
{
    public override Task DisposeAsync() => Task.CompletedTask;

    protected override Task<(IWorkflowStore Workflows, IEvidenceStore Evidence)> OpenAsync()
    {
        var store = new InMemoryStore();
        return Task.FromResult<(IWorkflowStore, IEvidenceStore)>((store, store));
    }
}

public sealed class InMemoryApprovalStoreTests : ApprovalStoreConformance
{
    public override Task DisposeAsync() => Task.CompletedTask;

    protected override Task<IWorkflowStore> OpenAsync() => Task.FromResult<IWorkflowStore>(new InMemoryStore());
}
