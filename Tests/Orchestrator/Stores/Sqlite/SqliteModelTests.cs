using Stack.Engine;
using Stack.Orchestrator.Stores.Sqlite;
using Stack.Tests.Conformance;

namespace Stack.Tests.Orchestrator.Stores.Sqlite;

public sealed class SqliteModelTests : WorkflowStoreModel
{
    protected override async Task<(IWorkflowStore Store, IAsyncDisposable Owner)> OpenAsync()
    {
        var directory = new SqliteDirectory();
        return (await directory.OpenMigratedAsync(), new Owner(directory));
    }

    protected override Task VerifyAsync(IWorkflowStore store) => SqliteInvariants.VerifyAsync((SqliteStore)store);

    private sealed class Owner(SqliteDirectory directory) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            directory.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
