using Stack.Engine;
using Stack.Tests.Conformance;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Stores.Postgres;

[NeedsServer("postgresql")]
public sealed class PostgresModelTests : WorkflowStoreModel
{
    private PostgresDatabase? _database;

    // Each has a database of its own.
    protected override int Sequences => 15;

    protected override async Task<(IWorkflowStore Store, IAsyncDisposable Owner)> OpenAsync()
    {
        _database = await PostgresDatabase.CreateAsync();
        return (await _database.OpenMigratedAsync(), _database);
    }

    protected override Task VerifyAsync(IWorkflowStore store) => PostgresInvariants.VerifyAsync(_database!);
}
