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
