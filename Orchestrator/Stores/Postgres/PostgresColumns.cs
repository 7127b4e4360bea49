using Npgsql;
using NpgsqlTypes;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>The parameters of a call that takes a table as arrays, one list per column, in the order in which they were made. The lists are used again for every call.</summary>
internal sealed class PostgresColumns
{
    private readonly List<Action> _clear = [];

    /// <summary>All parameters, in order.</summary>
    public List<NpgsqlParameter> Parameters { get; } = [];

    public List<Guid> Uuids() => Add<Guid>(NpgsqlDbType.Uuid);

    public List<string?> Texts() => Add<string?>(NpgsqlDbType.Text);

    /// <summary>Texts that are UTF-8 already.</summary>
    public List<ReadOnlyMemory<byte>> Utf8() => Add<ReadOnlyMemory<byte>>(NpgsqlDbType.Text);

    /// <summary>Texts that are UTF-8 already, or none.</summary>
    public List<ReadOnlyMemory<byte>?> Utf8OrNull() => Add<ReadOnlyMemory<byte>?>(NpgsqlDbType.Text);

    public List<byte[]?> Hashes() => Add<byte[]?>(NpgsqlDbType.Bytea);

    public List<short> Smalls() => Add<short>(NpgsqlDbType.Smallint);

    public List<int> Numbers() => Add<int>(NpgsqlDbType.Integer);

    public List<int?> NumbersOrNull() => Add<int?>(NpgsqlDbType.Integer);

    public List<long> Longs() => Add<long>(NpgsqlDbType.Bigint);

    public List<DateTime> Times() => Add<DateTime>(NpgsqlDbType.TimestampTz);

    public List<DateTime?> TimesOrNull() => Add<DateTime?>(NpgsqlDbType.TimestampTz);

    /// <summary>A single value, to be set before each call.</summary>
    public NpgsqlParameter<T> Single<T>(NpgsqlDbType type)
    {
        var parameter = new NpgsqlParameter<T> { NpgsqlDbType = type };
        Parameters.Add(parameter);
        return parameter;
    }

    /// <summary>Empties all lists.</summary>
    public void Clear() => _clear.ForEach(clear => clear());

    private List<T> Add<T>(NpgsqlDbType type)
    {
        var list = new List<T>();
        Parameters.Add(new NpgsqlParameter<List<T>> { TypedValue = list, NpgsqlDbType = NpgsqlDbType.Array | type });
        _clear.Add(list.Clear);
        return list;
    }
}
