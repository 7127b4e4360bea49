using Npgsql;
using NpgsqlTypes;

namespace Stack.Benchmarks.Floor;

/// <summary>The rows of a durable workflow engine, with primary keys and nothing else, written in one transaction and one round trip for each batch.</summary>
internal sealed class FloorDatabase : IAsyncDisposable
{
    private readonly FloorContent _content;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlBatch _batch;
    private bool _isPrepared;

    private FloorDatabase(NpgsqlConnection connection, FloorContent content)
    {
        (_connection, _content) = (connection, content);
        _batch = new NpgsqlBatch(connection);
        foreach (var statement in Statements)
        {
            _batch.BatchCommands.Add(new NpgsqlBatchCommand(statement));
        }
    }

    public static async Task<FloorDatabase> OpenAsync(string connectionString, FloorContent content)
    {
        var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();

        await using (var create = new NpgsqlCommand(Schema, connection))
        {
            await create.ExecuteNonQueryAsync();
        }

        return new FloorDatabase(connection, content);
    }

    /// <summary>Writes what became of some workflows. On return it is on the disk.</summary>
    public async Task CommitAsync(IReadOnlyList<FloorStep> steps)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var begun = steps.Where(step => step.Number == 0).ToList();
        var ended = steps.Where(step => step.Number > 0).ToList();
        var next = steps.Where(step => step.Number < FloorContent.Stages).ToList();
        Set(0, now, [Ids(begun), Texts(begun, step => _content.States[step.Number])]);
        Set(1, now, [Ids(begun), Texts(begun, _ => "Five steps.")]);
        Set(2, now, [Ids(ended), Numbers(ended), Texts(ended, step => _content.States[step.Number])]);
        Set(3, now, [Ids(ended), Texts(ended, step => FloorContent.StageName(step.Number - 1))]);
        Set(4, now, [Ids(ended), Texts(ended, step => FloorContent.StageName(step.Number - 1)), Texts(ended, _ => _content.OutputText), Texts(ended, _ => _content.UsageText)]);
        Set(5, now, [Ids(next), Texts(next, step => FloorContent.StageName(step.Number))]);
        var events = steps.SelectMany(step => _content.Events[step.Number].Select(happened => (step, happened))).ToList();
        Set(6, now, [Array(NpgsqlDbType.Uuid, events.Select(row => row.step.Workflow)), Array(NpgsqlDbType.Text, events.Select(row => row.happened.Name)), Array(NpgsqlDbType.Text, events.Select(row => row.happened.Text))]);
        if (!_isPrepared)
        {
            await _batch.PrepareAsync();
            _isPrepared = true;
        }

        await _batch.ExecuteNonQueryAsync();
        if (_batch.BatchCommands[2].RecordsAffected != ended.Count)
        {
            throw new InvalidOperationException("A workflow was not where it should be.");
        }
    }

    /// <summary>Has every statement planned again. Plans made for empty tables read whole tables later.</summary>
    public async Task AnalyzeAsync()
    {
        await using var analyze = new NpgsqlCommand("ANALYZE floor.workflows, floor.headers, floor.attempts, floor.results, floor.events", _connection);
        await analyze.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _batch.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private void Set(int statement, DateTime now, NpgsqlParameter[] arrays)
    {
        var parameters = _batch.BatchCommands[statement].Parameters;
        if (parameters.Count == 0)
        {
            parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now });
            parameters.AddRange(arrays);
            return;
        }

        ((NpgsqlParameter<DateTime>)parameters[0]).TypedValue = now;
        for (var i = 0; i < arrays.Length; i++)
        {
            parameters[i + 1].Value = arrays[i].Value;
        }
    }

    private static NpgsqlParameter Ids(List<FloorStep> steps) => Array(NpgsqlDbType.Uuid, steps.Select(step => step.Workflow));

    private static NpgsqlParameter Numbers(List<FloorStep> steps) => Array(NpgsqlDbType.Integer, steps.Select(step => step.Number));

    private static NpgsqlParameter Texts(List<FloorStep> steps, Func<FloorStep, string> text) => Array(NpgsqlDbType.Text, steps.Select(text));

    private static NpgsqlParameter Array<T>(NpgsqlDbType type, IEnumerable<T> values) => new() { NpgsqlDbType = NpgsqlDbType.Array | type, Value = values.ToArray() };

    private const string Schema = """
        CREATE SCHEMA IF NOT EXISTS floor;
        CREATE TABLE IF NOT EXISTS floor.workflows (
            id uuid PRIMARY KEY, version int NOT NULL, type text NOT NULL, definition text NOT NULL, priority int NOT NULL, status text NOT NULL, stage text, updated_at timestamptz NOT NULL, state text NOT NULL
        ) WITH (fillfactor = 50);
        CREATE TABLE IF NOT EXISTS floor.headers (id uuid PRIMARY KEY, name text NOT NULL, created_at timestamptz NOT NULL, requirements text NOT NULL);
        CREATE TABLE IF NOT EXISTS floor.attempts (
            workflow_id uuid NOT NULL, stage text NOT NULL, attempt int NOT NULL, status text NOT NULL, agent_type text NOT NULL, agent_id text, created_at timestamptz NOT NULL, finished_at timestamptz,
            PRIMARY KEY (workflow_id, stage, attempt)
        ) WITH (fillfactor = 50);
        CREATE TABLE IF NOT EXISTS floor.results (workflow_id uuid NOT NULL, stage text NOT NULL, attempt int NOT NULL, output text NOT NULL, usage text NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (workflow_id, stage, attempt));
        CREATE TABLE IF NOT EXISTS floor.events (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, workflow_id uuid NOT NULL, name text NOT NULL, at timestamptz NOT NULL, text text NOT NULL);
        """;

    private static readonly string[] Statements =
    [
        "INSERT INTO floor.workflows SELECT id, 1, 'app', 'pipeline5', 1, 'running', 'step1', $1, state FROM unnest($2, $3) AS row (id, state)",
        "INSERT INTO floor.headers SELECT id, 'bench', $1, requirements FROM unnest($2, $3) AS row (id, requirements)",
        """
        UPDATE floor.workflows SET version = done + 1, status = CASE done WHEN 5 THEN 'completed' ELSE 'running' END, stage = 'step' || done, updated_at = $1, state = row.state
        FROM unnest($2, $3, $4) AS row (id, done, state) WHERE workflows.id = row.id AND version = done
        """,
        """
        UPDATE floor.attempts SET status = 'completed', finished_at = $1, agent_id = 'noop-0123abcd'
        FROM unnest($2, $3) AS row (id, stage) WHERE workflow_id = row.id AND attempts.stage = row.stage AND attempt = 1 AND finished_at IS NULL
        """,
        "INSERT INTO floor.results SELECT id, stage, 1, output, usage, $1 FROM unnest($2, $3, $4, $5) AS row (id, stage, output, usage)",
        "INSERT INTO floor.attempts SELECT id, stage, 1, 'pending', 'noop', NULL, $1 FROM unnest($2, $3) AS row (id, stage)",
        "INSERT INTO floor.events (workflow_id, name, at, text) SELECT id, name, $1, text FROM unnest($2, $3, $4) AS row (id, name, text)",
    ];
}
