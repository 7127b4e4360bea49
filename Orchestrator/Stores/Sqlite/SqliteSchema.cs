using System.Globalization;
using System.Reflection;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

/// <summary>Brings the schema up to date with the numbered migrations, and refuses one that this program does not know.</summary>
internal static class SqliteSchema
{
    private const string Prefix = "Stack.Orchestrator.Stores.Sqlite.Migrations.";

    private static readonly IReadOnlyList<(int Version, string Name)> Migrations = Find();

    /// <summary>The version that this program works with.</summary>
    public static int CurrentVersion => Migrations[^1].Version;

    /// <summary>Applies what is missing. The write lock is held meanwhile, so whoever comes second finds it done.</summary>
    /// <param name="options">Where.</param>
    /// <param name="at">The present.</param>
    public static void Migrate(SqliteStoreOptions options, DateTimeOffset at)
    {
        using var database = SqliteDatabase.OpenWriter(options.FilePath, options, create: true);
        database.UseWriteAheadLog();
        database.BeginWrite();
        database.Execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY CHECK (version > 0), name TEXT NOT NULL, applied_at INTEGER NOT NULL)");
        var stored = StoredVersion(database);
        RefuseNewer(stored, options.FilePath);
        foreach (var (version, name) in Migrations.Where(migration => migration.Version > stored))
        {
            database.Execute(Read(name));
            database.Statement("INSERT INTO schema_version VALUES (?, ?, ?)").Bind(version).Bind(name).Bind(at).Run();
        }

        database.Commit();
    }

    /// <summary>Checks that the schema is the one that this program works with.</summary>
    /// <param name="database">The database.</param>
    /// <param name="path">Its file, for the message.</param>
    /// <exception cref="StoreSchemaException">It is not.</exception>
    public static void Verify(SqliteDatabase database, string path)
    {
        var stored = database.Statement("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'").Any() ? StoredVersion(database) : 0;
        RefuseNewer(stored, path);
        if (stored < CurrentVersion)
        {
            throw new StoreSchemaException(string.Create(
                CultureInfo.InvariantCulture, $"'{path}' has schema version {stored}; this program needs {CurrentVersion}. Remedy: migrate the store before its first use."));
        }
    }

    private static long StoredVersion(SqliteDatabase database) => database.Statement("SELECT ifnull(max(version), 0) FROM schema_version").Scalar();

    private static void RefuseNewer(long stored, string path)
    {
        if (stored > CurrentVersion)
        {
            throw new StoreSchemaException(string.Create(
                CultureInfo.InvariantCulture,
                $"'{path}' has schema version {stored}; this program knows versions up to {CurrentVersion}. Remedy: start the newer program that made it, or give another data directory."));
        }
    }

    private static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Prefix + name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static List<(int Version, string Name)> Find() =>
        [.. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..])
            .Select(name => (int.Parse(name.AsSpan(0, 3), CultureInfo.InvariantCulture), name))
            .OrderBy(migration => migration.Item1)];
}
