using Microsoft.Extensions.Options;

namespace Stack.Orchestrator.Stores.Sqlite;

/// <summary>How the embedded store keeps its file. Section <c>Sqlite</c>.</summary>
public sealed class SqliteStoreOptions
{
    internal const string Section = "Sqlite";

    /// <summary>The name of the file in the data directory.</summary>
    internal const string FileName = "work.db";

    /// <summary>The data directory; made when it is not there. Relative to the current directory. On a local disk: SQLite's locks do not hold on network shares.</summary>
    /// <value>The default is the setting <c>Stack:DataDirectory</c>, and without it <c>data</c>.</value>
    public string DataDirectory { get; set; } = "data";

    /// <summary>How long to wait for another program that writes to the file before the store counts as unavailable.</summary>
    /// <value>The default is 5 seconds.</value>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many connections read at the same time; further reads wait for one.</summary>
    /// <value>The default is 4.</value>
    public int MaxReaders { get; set; } = 4;

    /// <summary>Memory for pages of the writing connection, in MiB.</summary>
    /// <value>The default is 32.</value>
    public int CacheMegabytes { get; set; } = 32;

    /// <summary>How many pages of 4 KiB the write-ahead log gathers before they are moved into the file.</summary>
    /// <value>The default is 4,000: a log of 16 MiB.</value>
    public int CheckpointPages { get; set; } = 4000;

    /// <summary>The file.</summary>
    internal string FilePath => Path.Combine(Path.GetFullPath(DataDirectory), FileName);

    internal sealed class Validation : IValidateOptions<SqliteStoreOptions>
    {
        public ValidateOptionsResult Validate(string? name, SqliteStoreOptions options)
        {
            var refusals = Refusals(options).ToList();
            return refusals.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(refusals);
        }

        private static IEnumerable<string> Refusals(SqliteStoreOptions options)
        {
            if (string.IsNullOrWhiteSpace(options.DataDirectory))
            {
                yield return "Sqlite:DataDirectory is empty; give a directory on a local disk, for example data.";
            }

            if (options.BusyTimeout <= TimeSpan.Zero || options.BusyTimeout > TimeSpan.FromMinutes(10))
            {
                yield return $"Sqlite:BusyTimeout is {options.BusyTimeout}; give a duration above zero and up to 10 minutes, for example 00:00:05.";
            }

            if (options.MaxReaders is < 1 or > 64)
            {
                yield return $"Sqlite:MaxReaders is {options.MaxReaders}; give a number from 1 to 64.";
            }

            if (options.CacheMegabytes is < 1 or > 4096)
            {
                yield return $"Sqlite:CacheMegabytes is {options.CacheMegabytes}; give a number from 1 to 4096.";
            }

            if (options.CheckpointPages is < 100 or > 1_000_000)
            {
                yield return $"Sqlite:CheckpointPages is {options.CheckpointPages}; give a number from 100 to 1000000.";
            }
        }
    }
}
