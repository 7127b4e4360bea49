using System.Collections.Concurrent;
using Npgsql;
using NpgsqlTypes;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>Knows the numbers of the combinations of type, definition and priority. A new combination is stored once, before the first workflow that has it.</summary>
internal sealed class PostgresFacets(PostgresConnections connections)
{
    private const int MaxKnown = 10_000;

    private volatile FacetNumbers _known = new(connections.Generation);

    /// <summary>Finds the numbers of the combinations of a batch.</summary>
    public async ValueTask<FacetNumbers> PrepareAsync(CommitBatch batch, CancellationToken cancellationToken)
    {
        var known = Known();
        HashSet<(string Type, string Definition, int Priority)>? unknown = null;
        foreach (var write in batch.Workflows)
        {
            if (write.Header is { } header && !known.Has(header))
            {
                (unknown ??= []).Add(FacetNumbers.Of(header));
            }
        }

        if (unknown is not null)
        {
            await StoreAsync([.. unknown], known, cancellationToken);
        }

        return known;
    }

    // A server that was away may have come back with other data, for example those of a backup: what is not stored there is stored again. Whoever works with the old ones keeps them.
    private FacetNumbers Known()
    {
        var known = _known;
        return known.Generation == connections.Generation && known.Count <= MaxKnown ? known : _known = new FacetNumbers(connections.Generation);
    }

    private async Task StoreAsync(List<(string Type, string Definition, int Priority)> facets, FacetNumbers known, CancellationToken cancellationToken)
    {
        facets.Sort(); // In one order, so that two who store the same do not wait for each other in a circle.
        NpgsqlParameter[] parameters =
        [
            new() { Value = facets.ConvertAll(facet => facet.Type), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
            new() { Value = facets.ConvertAll(facet => facet.Definition), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
            new() { Value = facets.ConvertAll(facet => (short)facet.Priority), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Smallint },
        ];
        var rows = await connections.RowsAsync(
            Upsert, parameters, row => (Facet: (row.GetString(0), row.GetString(1), (int)row.GetInt16(2)), Id: row.GetInt32(3)), cancellationToken);
        foreach (var (facet, id) in rows)
        {
            known.Add(facet, id);
        }
    }

    private const string Upsert = """
        INSERT INTO workflow_facets AS f (type, definition_name, priority) SELECT * FROM unnest($1, $2, $3)
        ON CONFLICT (type, definition_name, priority) DO UPDATE SET priority = f.priority
        RETURNING type, definition_name, priority, id
        """;
}

/// <summary>The numbers of combinations. Thread-safe.</summary>
/// <param name="generation">The sessions that they were learned on; see <see cref="PostgresConnections.Generation"/>.</param>
internal sealed class FacetNumbers(int generation)
{
    private readonly ConcurrentDictionary<(string Type, string Definition, int Priority), int> _numbers = new();

    public int Generation => generation;

    public int Count => _numbers.Count;

    public bool Has(WorkflowHeader header) => _numbers.ContainsKey(Of(header));

    public void Add((string Type, string Definition, int Priority) facet, int number) => _numbers[facet] = number;

    /// <summary>The number of a header's combination, which is known.</summary>
    public int Find(WorkflowHeader header) => _numbers[Of(header)];

    /// <summary>The combination of a header.</summary>
    public static (string Type, string Definition, int Priority) Of(WorkflowHeader header) => (header.Type, header.DefinitionName, (int)header.Priority);
}
