using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Offline;

/// <summary>The checks of the servers of the model.</summary>
internal static class ServerHealthChecks
{
    private const string MaintenanceDatabase = "postgres";

    internal static IHealthCheck Of(PostgresServerResource server) => Of(server, MaintenanceDatabase);

    internal static IHealthCheck Of(PostgresServerResource server, string database) =>
        new ServerHealthCheck(server.PrimaryEndpoint, "SELECT 1", (address, cancellationToken) => RunAsync(server, address, database, "SELECT 1", cancellationToken));

    internal static IHealthCheck Of(RedisResource redis) => new ServerHealthCheck(redis.PrimaryEndpoint, "PING", async (address, cancellationToken) =>
        await RedisSession.PingAsync(address.Address, address.Port, redis.PasswordParameter is { } password ? await password.GetValueAsync(cancellationToken) : null, cancellationToken));

    internal static IHealthCheck Of(RabbitMQServerResource server) => new ServerHealthCheck(server.PrimaryEndpoint, "an AMQP handshake", async (address, cancellationToken) =>
        await AmqpSession.HandshakeAsync(
            address.Address,
            address.Port,
            await server.UserNameReference.GetValueAsync(cancellationToken) ?? "",
            await server.PasswordParameter.GetValueAsync(cancellationToken) ?? "",
            cancellationToken));

    /// <summary>Creates the databases of a server that are not there, by the script of the resource when it has one. Does nothing for a server that is embedded.</summary>
    internal static async Task CreateDatabasesAsync(PostgresServerResource server, IReadOnlyDictionary<string, string> scripts, CancellationToken cancellationToken)
    {
        if (server.IsEmbedded() || server.PrimaryEndpoint.EndpointAnnotation.AllocatedEndpoint is not { } address)
        {
            return;
        }
        foreach (var (resource, database) in server.Databases.DistinctBy(one => one.Value, StringComparer.Ordinal))
        {
            var literal = database.Replace("'", "''", StringComparison.Ordinal);
            if (await RunAsync(server, address, MaintenanceDatabase, $"SELECT 1 FROM pg_database WHERE datname = '{literal}'", cancellationToken) is null)
            {
                var script = scripts.GetValueOrDefault(resource) ?? $"CREATE DATABASE \"{database.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
                await RunAsync(server, address, MaintenanceDatabase, script, cancellationToken);
            }
        }
    }

    private static async Task<string?> RunAsync(PostgresServerResource server, AllocatedEndpoint address, string database, string statement, CancellationToken cancellationToken)
    {
        await using var session = await PostgresSession.OpenAsync(
            address.Address,
            address.Port,
            await server.UserNameReference.GetValueAsync(cancellationToken) ?? "",
            await server.PasswordParameter.GetValueAsync(cancellationToken) ?? "",
            database,
            cancellationToken);
        return await session.RunAsync(statement, cancellationToken);
    }
}
