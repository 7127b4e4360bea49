using System.Text.Json;
using Stack.Contracts;

namespace Stack.Orchestrator.Stores.Sqlite;

internal sealed partial class SqliteStore
{
    /// <inheritdoc />
    public Task<DeploymentResource> PutDeploymentAsync(DeploymentResource deployment, CancellationToken cancellationToken) =>
        _writer.RunAsync(
            database =>
            {
                database.Statement(UpsertDeployment)
                    .Bind(deployment.Name).Bind(deployment.WorkflowId).Bind(deployment.Release)
                    .Bind(Name(deployment.Desired)).Bind(Name(deployment.Status)).Bind(deployment.Url).Bind(deployment.Pid).Bind(deployment.Host).Bind(deployment.Directory)
                    .Bind(JsonPayload.From(deployment.Command)).Bind(deployment.HealthPath).Bind(deployment.Message).Bind(deployment.UpdatedAt)
                    .Run();
                return database.Statement(SelectDeployment).Bind(deployment.Name).First(Deployment)!;
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<DeploymentResource?> DesireDeploymentAsync(string name, DesiredState desired, DateTimeOffset at, CancellationToken cancellationToken) =>
        _writer.RunAsync(
            database =>
            {
                database.Statement("UPDATE deployments SET desired = ?, updated_at = ? WHERE name = ?").Bind(Name(desired)).Bind(at).Bind(name).Run();
                return database.Statement(SelectDeployment).Bind(name).First(Deployment);
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<DeploymentResource>> ListDeploymentsAsync(CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyList<DeploymentResource>>(database => database.Statement(SelectDeployments).Rows(Deployment), cancellationToken);

    private static string Name<TState>(TState state)
        where TState : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());

    private static DeploymentResource Deployment(SqliteStatement row) => new()
    {
        Name = row.Text(0),
        WorkflowId = row.Id(1),
        Release = row.Text(2),
        Desired = Enum.Parse<DesiredState>(row.Text(3), ignoreCase: true),
        Status = Enum.Parse<DeploymentStatus>(row.Text(4), ignoreCase: true),
        Url = row.TextOrNull(5),
        Pid = row.Int32OrNull(6),
        Host = row.Text(7),
        Directory = row.Text(8),
        Command = row.Json(9)!.To<List<string>>()!,
        HealthPath = row.TextOrNull(10),
        Message = row.TextOrNull(11),
        UpdatedAt = row.Time(12),
    };

    private const string DeploymentColumns = "name, workflow_id, release, desired, status, url, pid, host, directory, command, health_path, message, updated_at";
    private const string SelectDeployments = $"SELECT {DeploymentColumns} FROM deployments ORDER BY name";
    private const string SelectDeployment = $"SELECT {DeploymentColumns} FROM deployments WHERE name = ?";

    private const string UpsertDeployment = $"""
        INSERT INTO deployments ({DeploymentColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET
            desired = CASE WHEN release = excluded.release THEN desired ELSE excluded.desired END,
            workflow_id = excluded.workflow_id, release = excluded.release, status = excluded.status, url = excluded.url, pid = excluded.pid, host = excluded.host,
            directory = excluded.directory, command = excluded.command, health_path = excluded.health_path, message = excluded.message, updated_at = excluded.updated_at
        """;
}
