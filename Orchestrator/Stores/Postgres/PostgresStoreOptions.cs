using Microsoft.Extensions.Options;
using Npgsql;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>How the Postgres store reaches its database. Section <c>Postgres</c>; the address is <c>ConnectionStrings:stackdb</c>.</summary>
public sealed class PostgresStoreOptions
{
    internal const string Section = "Postgres";

    /// <summary>The name of the connection string.</summary>
    internal const string ConnectionName = "stackdb";

    /// <summary>The address in Npgsql's words, for example <c>Host=db;Port=5432;Username=stack;Password=...;Database=stackdb</c>. What it does not say is set as the store needs it.</summary>
    /// <value>The default is the connection string <c>stackdb</c>.</value>
    public string ConnectionString { get; set; } = "";

    /// <summary>How many connections one orchestrator holds at most; further calls wait for one.</summary>
    /// <value>The default is 20.</value>
    public int MaxConnections { get; set; } = 20;

    /// <summary>How long to wait for a new connection before the store counts as unavailable.</summary>
    /// <value>The default is 3 seconds.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>After how long without an answer the server is asked, over another connection, whether it is at work on the command. If it is not, the command has failed.</summary>
    /// <value>The default is 2 seconds.</value>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a command that the server is at work on may take.</summary>
    /// <value>The default is 60 seconds.</value>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(60);

    internal sealed class Validation : IValidateOptions<PostgresStoreOptions>
    {
        public ValidateOptionsResult Validate(string? name, PostgresStoreOptions options)
        {
            var refusals = Refusals(options).ToList();
            return refusals.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(refusals);
        }

        private static IEnumerable<string> Refusals(PostgresStoreOptions options)
        {
            if (Unreadable(options.ConnectionString) is { } why)
            {
                yield return $"ConnectionStrings:{ConnectionName} cannot be used: {why} Give Host=HOST;Port=5432;Username=USER;Password=PASSWORD;Database=DATABASE.";
            }

            if (options.MaxConnections is < 3 or > 1000)
            {
                yield return $"Postgres:MaxConnections is {options.MaxConnections}; give a number from 3 to 1000.";
            }

            if (options.ConnectTimeout < TimeSpan.FromSeconds(1) || options.ConnectTimeout > TimeSpan.FromMinutes(1))
            {
                yield return $"Postgres:ConnectTimeout is {options.ConnectTimeout}; give 1 second to 1 minute, for example 00:00:03.";
            }

            if (options.Patience < TimeSpan.FromMilliseconds(100) || options.Patience > TimeSpan.FromMinutes(1))
            {
                yield return $"Postgres:Patience is {options.Patience}; give 0.1 seconds to 1 minute, for example 00:00:02.";
            }

            if (options.CommandTimeout < TimeSpan.FromSeconds(1) || options.CommandTimeout > TimeSpan.FromHours(1))
            {
                yield return $"Postgres:CommandTimeout is {options.CommandTimeout}; give 1 second to 1 hour, for example 00:01:00.";
            }
        }

        // The reason never repeats the text, which may hold a password.
        private static string? Unreadable(string text)
        {
            try
            {
                var parsed = new NpgsqlConnectionStringBuilder(text);
                return string.IsNullOrWhiteSpace(parsed.Host) ? "it names no host." : string.IsNullOrWhiteSpace(parsed.Database) ? "it names no database." : null;
            }
            catch (Exception refused) when (refused is ArgumentException or FormatException or InvalidCastException or KeyNotFoundException)
            {
                return "it is not a list of NAME=VALUE that Npgsql knows.";
            }
        }
    }
}
