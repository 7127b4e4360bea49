using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

/// <summary>Writes one batch into the open transaction. The hot path: every statement is prepared once per connection, and most touch one row.</summary>
internal sealed class SqliteCommit : IDisposable
{
    private static readonly JsonTypeInfo<WorkflowState> StateJson = StackJson.TypeOf<WorkflowState>();

    private readonly SqliteDatabase _database;
    private readonly SqliteAttempts _attempts;
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly Utf8JsonWriter _json;
    private readonly List<WorkflowId> _conflicts = [];
    private readonly List<WorkflowId> _idempotencyConflicts = [];
    private List<TaskId>? _claimed;
    private readonly long _lastEventIdBefore;
    private long _lastEventId;

    public SqliteCommit(SqliteDatabase database)
    {
        _database = database;
        _attempts = new SqliteAttempts(database);
        _json = new Utf8JsonWriter(_buffer);
        _lastEventIdBefore = _lastEventId = database.Statement(SelectLastEventId).Scalar();
    }

    /// <summary>
    /// Notes come before the decisions of the same batch: what an attempt said of itself happened before it ended. Notes of workflows that the batch itself makes come after.
    /// </summary>
    public CommitOutcome Write(CommitBatch batch)
    {
        List<NoteWrite>? early = null;
        foreach (var note in batch.Notes)
        {
            if (!TryWrite(note))
            {
                (early ??= []).Add(note);
            }
        }

        foreach (var write in batch.Workflows)
        {
            Write(write);
        }

        foreach (var lease in CommitRules.OpenLeases(batch))
        {
            _attempts.Lease(lease);
        }

        early?.ForEach(note => TryWrite(note));
        return new CommitOutcome
        {
            Conflicts = _conflicts,
            IdempotencyConflicts = _idempotencyConflicts,
            Claimed = _claimed ?? (IReadOnlyCollection<TaskId>)[],
            LastEventId = _lastEventId > _lastEventIdBefore ? _lastEventId : 0,
        };
    }

    /// <inheritdoc />
    public void Dispose() => _json.Dispose();

    private void Write(WorkflowWrite write)
    {
        if (!(write.Header is { } header ? TryInsert(write, header) : TryUpdate(write)))
        {
            return;
        }

        var id = write.State.Id;
        foreach (var happened in write.Events)
        {
            if (happened is WorkflowRetried retried)
            {
                _attempts.TakeBack(id, retried.Stages);
            }

            Append(id, happened, happened.Stage, happened.Attempt);
        }

        foreach (var attempt in write.NewAttempts)
        {
            _attempts.Insert(id, attempt);
        }

        foreach (var end in write.EndedAttempts)
        {
            _attempts.End(id, end, CommitRules.Counts(write, end));
        }

        foreach (var settled in write.SettledAttempts)
        {
            _attempts.Settle(id, settled);
        }

        foreach (var approval in write.Approvals)
        {
            SqliteStore.Put(_database, approval);
        }

        foreach (var claim in write.Claims)
        {
            if (_attempts.TryClaim(claim))
            {
                (_claimed ??= []).Add(claim);
            }
        }
    }

    private bool TryInsert(WorkflowWrite write, WorkflowHeader header)
    {
        var insert = _database.Statement(InsertWorkflow).Bind(header.Id).Bind(header.Type).Bind(header.DefinitionName).Bind((long)header.Priority);
        if (BindState(insert, write).Run() == 0)
        {
            _conflicts.Add(header.Id);
            return false;
        }

        var written = _database.Statement(InsertHeader)
            .Bind(header.Name).Bind(header.Description).Bind(header.DefinitionVersion).Bind(header.CreatedBy).Bind(header.CreatedAt).Bind(header.Traceparent)
            .Bind(write.Idempotency?.Key).Bind(write.Idempotency?.RequestHash).Bind(header.Requirements).Bind(header.Input)
            .Run();
        if (written == 0)
        {
            _database.Statement("DELETE FROM workflows WHERE id = ?").Bind(header.Id).Run();
            _idempotencyConflicts.Add(header.Id);
            return false;
        }

        return true;
    }

    private bool TryUpdate(WorkflowWrite write)
    {
        if (BindState(_database.Statement(UpdateWorkflow), write).Bind(write.State.Id).Bind(write.ExpectedVersion).Run() > 0)
        {
            return true;
        }

        _conflicts.Add(write.State.Id);
        return false;
    }

    private SqliteStatement BindState(SqliteStatement statement, WorkflowWrite write)
    {
        var state = write.State;
        _buffer.ResetWrittenCount();
        _json.Reset();
        JsonSerializer.Serialize(_json, state, StateJson);
        return statement
            .Bind(state.Version).Bind(StatusNames.Of(state.Status)).Bind(write.DisplayState).Bind(write.CurrentStage).Bind(write.Progress)
            .Bind(state.NextTimerAt).Bind(state.EndedAt).BindUtf8(_buffer.WrittenSpan);
    }

    private bool TryWrite(NoteWrite note)
    {
        var (id, stage, attempt) = note.TaskId;
        if (!_database.Statement("SELECT 1 FROM workflows WHERE id = ?").Bind(id).Any())
        {
            return false;
        }

        Append(id, note.Event, stage, attempt);
        if (note.Event is AttemptProgressed progress)
        {
            _attempts.Note(note.TaskId, progress);
        }

        return true;
    }

    private void Append(WorkflowId id, WorkflowEvent happened, string? stage, int? attempt) =>
        _database.Statement(InsertEvent)
            .Bind(++_lastEventId).Bind(id).Bind(EventNames.Of(happened)).Bind(stage).Bind(attempt).Bind(happened.At).BindUtf8(EventNames.Serialize(happened))
            .Run();

    private const string SelectLastEventId = "SELECT max(ifnull((SELECT max(id) FROM events), 0), (SELECT id FROM event_floor))";

    private const string InsertWorkflow = """
        INSERT INTO workflows (id, type, definition_name, priority, version, status, display_state, current_stage, progress, next_timer_at, ended_at, state)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
        """;

    private const string UpdateWorkflow = """
        UPDATE workflows SET version = ?, status = ?, display_state = ?, current_stage = ?, progress = ?, next_timer_at = ?, ended_at = ?, state = ?
        WHERE id = ? AND version = ?
        """;

    private const string InsertHeader = """
        INSERT INTO workflow_headers (seq, name, description, definition_version, created_by, created_at, traceparent, idempotency_key, request_hash, requirements, input)
        VALUES (last_insert_rowid(), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (idempotency_key) DO NOTHING
        """;

    private const string InsertEvent = "INSERT INTO events (id, workflow_id, name, stage, attempt, at, data) VALUES (?, ?, ?, ?, ?, ?, ?)";
}
