using Stack.Engine;
using Stack.Tests.Conformance;

namespace Stack.Tests.Orchestrator.Stores.Sqlite;

public sealed class SqliteWorkflowStoreTests : WorkflowStoreConformance
{
    private readonly SqliteDirectory _directory = new();

    public override Task DisposeAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }

    protected override Task<IWorkflowStore> OpenAsync() => Task.FromResult<IWorkflowStore>(_directory.Open());
}

public sealed class SqliteDefinitionStoreTests : DefinitionStoreConformance
{
    private readonly SqliteDirectory _directory = new();

    public override Task DisposeAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }

    protected override async Task<IDefinitionStore> OpenAsync() => await _directory.OpenMigratedAsync();
}

public sealed class SqliteDeploymentStoreTests : DeploymentStoreConformance
{
    private readonly SqliteDirectory _directory = new();

    public override Task DisposeAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }

    protected override async Task<IDeploymentStore> OpenAsync() => await _directory.OpenMigratedAsync();
}

public sealed class SqliteLedgerStoreTests : LedgerStoreConformance
{
    private readonly SqliteDirectory _directory = new();

    public override Task DisposeAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }

    protected override async Task<(IWorkflowStore Workflows, ILedgerStore Ledger)> OpenAsync()
    {
        var store = await _directory.OpenMigratedAsync();
        return (store, store);
    }
}

public sealed class SqliteModelJournalTests : ModelJournalConformance
{
    private readonly SqliteDirectory _directory = new();

    public override Task DisposeAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }

    protected override async Task<(IModelJournal Journal, IWorkflowStore Workflows)> OpenAsync()
    {
        var store = await _directory.OpenMigratedAsync();
        return (store, store);
    }
}

public sealed class SqliteEvidenceStoreTests : EvidenceStoreConformance
{
    private readonly SqliteDirectory _directory = new();

    public override Task DisposeAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }

    protected override async Task<(IWorkflowStore Workflows, IEvidenceStore Evidence)> OpenAsync()
    {
        var store = await _directory.OpenMigratedAsync();
        return (store, store);
    }
}

public sealed class SqliteApprovalStoreTests : ApprovalStoreConformance
{
    private readonly SqliteDirectory _directory = new();

    public override Task DisposeAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }

    protected override Task<IWorkflowStore> OpenAsync() => Task.FromResult<IWorkflowStore>(_directory.Open());
}
