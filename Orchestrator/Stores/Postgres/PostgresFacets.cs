using System.Collections.Concurrent;
using Npgsql;
using NpgsqlTypes;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>The numbers of the combinations of type, definition and priority. A new combination is stored once, before the first workflow that has it.</summary>
internal sealed class PostgresFacets(PostgresConnections connections)
{
    private const int MaxKnown = 10_000;

    private readonly ConcurrentDictionary<(string Type, string Definition, int Priority), int> _known = new();

    /// <summary>Makes sure that the combinations of a batch are known.</summary>
    public async ValueTask PrepareAsync(CommitBatch batch, CancellationToken cancellationToken)
    {
        HashSet<(string Type, string Definition, int Priority)>? unknown = null;
        foreach (var write in batch.Workflows)
        {
            if (write.Header is { } header && !_known.ContainsKey(Of(header)))
            {
                (unknown ??= []).Add(Of(header));
            }
        }

        if (unknown is not null)
        {
            if (_known.Count > MaxKnown)
            {
                // The next batch asks again for what it needs.
                _known.Clear();
                unknown.UnionWith(batch.Workflows.Where(write => write.Header is not null).Select(write => Of(write.Header!)));
            }

            await StoreAsync([.. unknown], cancellationToken);
        }
    }

    /// <summary>The number of a header's combination, which was prepared.</summary>
    public int Find(WorkflowHeader header) => _known[Of(header)];

    private async Task StoreAsync(List<(string Type, string Definition, int Priority)> facets, CancellationToken cancellationToken)
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
            _known[facet] = id;
        }
    }

    private static (string Type, string Definition, int Priority) Of(WorkflowHeader header) => (header.Type, header.DefinitionName, (int)header.Priority);

    private const string Upsert = """
        INSERT INTO workflow_facets AS f (type, definition_name, priority) SELECT * FROM unnest($1, $2, $3)
        ON CONFLICT (type, definition_name, priority) DO UPDATE SET priority = f.priority
        RETURNING type, definition_name, priority, id
        """;
}
