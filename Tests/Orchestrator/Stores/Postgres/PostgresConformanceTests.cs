using Stack.Engine;
using Stack.Tests.Conformance;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Stores.Postgres;

[NeedsServer("postgresql")]
public sealed class PostgresWorkflowStoreTests : WorkflowStoreConformance
{
    private PostgresDatabase? _database;

    public override async Task DisposeAsync() => await _database!.DisposeAsync();

    protected override async Task<IWorkflowStore> OpenAsync() => (_database = await PostgresDatabase.CreateAsync()).Open();
}

[NeedsServer("postgresql")]
public sealed class PostgresDefinitionStoreTests : DefinitionStoreConformance
{
    private PostgresDatabase? _database;

    public override async Task DisposeAsync() => await _database!.DisposeAsync();

    protected override async Task<IDefinitionStore> OpenAsync() => await (_database = await PostgresDatabase.CreateAsync()).OpenMigratedAsync();
}

[NeedsServer("postgresql")]
public sealed class PostgresDeploymentStoreTests : DeploymentStoreConformance
{
    private PostgresDatabase? _database;

    public override async Task DisposeAsync() => await _database!.DisposeAsync();

    protected override async Task<IDeploymentStore> OpenAsync() => await (_database = await PostgresDatabase.CreateAsync()).OpenMigratedAsync();
}

[NeedsServer("postgresql")]
public sealed class PostgresSharedStoreTests : SharedStoreConformance
{
    private PostgresDatabase? _database;

    public override async Task DisposeAsync() => await _database!.DisposeAsync();

    protected override async Task<(IWorkflowStore Store, INodeDirectory Nodes)> OpenAsync()
    {
        var store = (_database = await PostgresDatabase.CreateAsync()).Open();
        return (store, store.Nodes);
    }

    protected override INodeDirectory OpenNodes() => _database!.Open().Nodes;
}

[NeedsServer("postgresql")]
public sealed class PostgresLedgerStoreTests : LedgerStoreConformance
{
    private PostgresDatabase? _database;

    public override async Task DisposeAsync() => await _database!.DisposeAsync();

    protected override async Task<(IWorkflowStore Workflows, ILedgerStore Ledger)> OpenAsync()
    {
        var store = await (_database = await PostgresDatabase.CreateAsync()).OpenMigratedAsync();
        return (store, store);
    }
}

[NeedsServer("postgresql")]
public sealed class PostgresModelJournalTests : ModelJournalConformance
{
    private PostgresDatabase? _database;

    public override async Task DisposeAsync() => await _database!.DisposeAsync();

    protected override async Task<(IModelJournal Journal, IWorkflowStore Workflows)> OpenAsync()
    {
        var store = await (_database = await PostgresDatabase.CreateAsync()).OpenMigratedAsync();
        return (store, store);
    }
}

[NeedsServer("postgresql")]
public sealed class PostgresEvidenceStoreTests : EvidenceStoreConformance
{
    private PostgresDatabase? _database;

    public override async Task DisposeAsync() => await _database!.DisposeAsync();

    protected override async Task<(IWorkflowStore Workflows, IEvidenceStore Evidence)> OpenAsync()
    {
        var store = await (_database = await PostgresDatabase.CreateAsync()).OpenMigratedAsync();
        return (store, store);
    }
}

[NeedsServer("postgresql")]
public sealed class PostgresApprovalStoreTests : ApprovalStoreConformance
{
    private PostgresDatabase? _database;

    public override async Task DisposeAsync() => await _database!.DisposeAsync();

    protected override async Task<IWorkflowStore> OpenAsync() => (_database = await PostgresDatabase.CreateAsync()).Open();
}
