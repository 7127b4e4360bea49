using System.Text.Json;
using Npgsql;
using Stack.Contracts;

namespace Stack.Orchestrator.Stores.Postgres;

internal sealed partial class PostgresStore
{
    /// <inheritdoc />
    public async Task<DeploymentResource> PutDeploymentAsync(DeploymentResource deployment, CancellationToken cancellationToken) => (await _connections.FirstAsync(
        UpsertDeployment,
        [
            Text(deployment.Name), Uuid(deployment.WorkflowId), Text(deployment.Release), Text(Name(deployment.Desired)), Text(Name(deployment.Status)), Text(deployment.Url),
            Number(deployment.Pid), Text(deployment.Host), Text(deployment.Directory), Json(JsonPayload.From(deployment.Command)), Text(deployment.HealthPath),
            Text(PostgresText.Storable(deployment.Message)), Time(deployment.UpdatedAt),
        ],
        Deployment,
        cancellationToken))!;

    /// <inheritdoc />
    public Task<DeploymentResource?> DesireDeploymentAsync(string name, DesiredState desired, DateTimeOffset at, CancellationToken cancellationToken) => _connections.FirstAsync(
        $"UPDATE deployments SET desired = $1, updated_at = $2 WHERE name = $3 RETURNING {DeploymentColumns}", [Text(Name(desired)), Time(at), Text(PostgresText.Storable(name))], Deployment, cancellationToken);

    /// <inheritdoc />
    public async Task<IReadOnlyList<DeploymentResource>> ListDeploymentsAsync(CancellationToken cancellationToken) =>
        await _connections.RowsAsync($"SELECT {DeploymentColumns} FROM deployments ORDER BY name", [], Deployment, cancellationToken);

    private static string Name<TState>(TState state)
        where TState : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());

    private static DeploymentResource Deployment(NpgsqlDataReader row) => new()
    {
        Name = row.GetString(0),
        WorkflowId = row.Id(1),
        Release = row.GetString(2),
        Desired = Enum.Parse<DesiredState>(row.GetString(3), ignoreCase: true),
        Status = Enum.Parse<DeploymentStatus>(row.GetString(4), ignoreCase: true),
        Url = row.TextOrNull(5),
        Pid = row.NumberOrNull(6),
        Host = row.GetString(7),
        Directory = row.GetString(8),
        Command = row.Json<List<string>>(9)!,
        HealthPath = row.TextOrNull(10),
        Message = row.TextOrNull(11),
        UpdatedAt = row.Time(12),
    };

    private const string DeploymentColumns = "name, workflow_id, release, desired, status, url, pid, host, directory, command, health_path, message, updated_at";

    private const string UpsertDeployment = $"""
        INSERT INTO deployments AS d ({DeploymentColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (name) DO UPDATE SET
            desired = CASE WHEN d.release = excluded.release THEN d.desired ELSE excluded.desired END,
            workflow_id = excluded.workflow_id, release = excluded.release, status = excluded.status, url = excluded.url, pid = excluded.pid, host = excluded.host,
            directory = excluded.directory, command = excluded.command, health_path = excluded.health_path, message = excluded.message, updated_at = excluded.updated_at
        RETURNING {DeploymentColumns}
        """;
}
