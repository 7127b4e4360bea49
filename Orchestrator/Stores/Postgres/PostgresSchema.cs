using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>Brings the schema up to date with the numbered migrations, and refuses one that this program does not know.</summary>
internal static class PostgresSchema
{
    private const string Prefix = "Stack.Orchestrator.Stores.Postgres.Migrations.";
    private const int OldestServer = 15;

    private static readonly IReadOnlyList<Migration> Migrations = Find();

    /// <summary>The version that this program works with.</summary>
    public static int CurrentVersion => Migrations[^1].Version;

    /// <summary>Applies what is missing, in one transaction. A lock is held meanwhile, so whoever comes second finds it done.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="server">Its name, for messages.</param>
    /// <param name="cancellationToken">Ends the call; nothing was changed then.</param>
    /// <exception cref="StoreSchemaException">The server, or what is in the database, does not fit this program.</exception>
    public static async Task MigrateAsync(NpgsqlConnection connection, string server, CancellationToken cancellationToken)
    {
        if (connection.PostgreSqlVersion.Major < OldestServer)
        {
            throw new StoreSchemaException($"The {server} is served by PostgreSQL {connection.PostgreSqlVersion}; this program needs {OldestServer} or later. Remedy: upgrade the server, or give another one in ConnectionStrings:stackdb.");
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, "SELECT pg_advisory_xact_lock(1398030676, 0)", cancellationToken);
        await RefuseEncodingAsync(connection, server, cancellationToken);
        try
        {
            await ApplyAsync(connection, server, cancellationToken);
        }
        catch (PostgresException taken) when (taken.SqlState is PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.DuplicateFunction or PostgresErrorCodes.DuplicateObject or PostgresErrorCodes.UndefinedColumn)
        {
            throw new StoreSchemaException(
                $"The {server} has something of another program where this one keeps its own: {taken.MessageText}. Remedy: give a database of its own in ConnectionStrings:stackdb (createdb NAME).");
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, string server, CancellationToken cancellationToken)
    {
        if (await ScalarAsync(connection, "SELECT to_regclass('schema_migrations')::text", cancellationToken) is null)
        {
            await ExecuteAsync(
                connection,
                "CREATE TABLE schema_migrations (version integer PRIMARY KEY CHECK (version > 0), name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
                cancellationToken);
        }

        var applied = await AppliedAsync(connection, cancellationToken);
        RefuseStrange(applied, server);
        foreach (var migration in Migrations.Where(migration => !applied.ContainsKey(migration.Version)))
        {
            await ExecuteAsync(connection, migration.Sql, cancellationToken);
            await using var insert = new NpgsqlCommand("INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)", connection)
            {
                Parameters = { new() { Value = migration.Version }, new() { Value = migration.Name }, new() { Value = migration.Checksum } },
            };
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static async Task RefuseEncodingAsync(NpgsqlConnection connection, string server, CancellationToken cancellationToken)
    {
        if (await ScalarAsync(connection, "SHOW server_encoding", cancellationToken) is string encoding and not "UTF8")
        {
            throw new StoreSchemaException($"The {server} has the encoding {encoding}; this program needs UTF8. Remedy: createdb --encoding=UTF8 --template=template0 NAME, and give that in ConnectionStrings:stackdb.");
        }
    }

    private static void RefuseStrange(Dictionary<int, string> applied, string server)
    {
        if (applied.Count > 0 && applied.Keys.Max() is var stored && stored > CurrentVersion)
        {
            throw new StoreSchemaException(string.Create(
                CultureInfo.InvariantCulture,
                $"The {server} has schema version {stored}; this program knows versions up to {CurrentVersion}. Remedy: start the newer program that made it, or give another database in ConnectionStrings:stackdb."));
        }

        foreach (var migration in Migrations)
        {
            if (applied.GetValueOrDefault(migration.Version) is { } checksum && checksum != migration.Checksum)
            {
                throw new StoreSchemaException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"The {server} was migrated with another text of {migration.Name} than this program has. Remedy: start the program that made it, or give another database in ConnectionStrings:stackdb."));
            }
        }
    }

    private static async Task<Dictionary<int, string>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var select = new NpgsqlCommand("SELECT version, checksum FROM schema_migrations", connection);
        await using var reader = await select.ExecuteReaderAsync(cancellationToken);
        var applied = new Dictionary<int, string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            applied[reader.GetInt32(0)] = reader.GetString(1);
        }

        return applied;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        // As long as the server is at work on it: another process may be migrating, and a large database takes its time.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken) is var value and not DBNull ? value : null;
    }

    private static IReadOnlyList<Migration> Find() =>
    [
        .. from resource in typeof(PostgresSchema).Assembly.GetManifestResourceNames()
           where resource.StartsWith(Prefix, StringComparison.Ordinal)
           let name = resource[Prefix.Length..]
           orderby name
           select Read(resource, name),
    ];

    private static Migration Read(string resource, string name)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!, Encoding.UTF8);
        var sql = reader.ReadToEnd().ReplaceLineEndings("\n");
        return new Migration(int.Parse(name.AsSpan(0, 3), CultureInfo.InvariantCulture), name, sql, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql))));
    }

    private sealed record Migration(int Version, string Name, string Sql, string Checksum);
}
