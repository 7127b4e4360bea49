using System.Buffers;
using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>Makes the JSON of one batch, as bytes in a buffer that is used again for the next.</summary>
internal sealed class PostgresJson : IDisposable
{
    private const int MaxKeptBytes = 4 << 20;
    private ArrayBufferWriter<byte> _buffer = new(64 * 1024);
    private Utf8JsonWriter _json;

    public PostgresJson() => _json = new Utf8JsonWriter(_buffer);

    public ReadOnlyMemory<byte> Write<T>(T value)
    {
        var from = Begin();
        JsonSerializer.Serialize(_json, value, StackJson.TypeOf<T>());
        return End(from);
    }

    public ReadOnlyMemory<byte>? WriteOrNull<T>(T? value)
        where T : class => value is null ? default(ReadOnlyMemory<byte>?) : Write(value);

    /// <summary>What happened in one write of a workflow.</summary>
    public ReadOnlyMemory<byte> Write(IReadOnlyList<WorkflowEvent> events)
    {
        var from = Begin();
        PostgresEvents.Begin(_json);
        foreach (var happened in events)
        {
            PostgresEvents.Add(_json, happened, happened.Stage, happened.Attempt);
        }

        PostgresEvents.End(_json);
        return End(from);
    }

    /// <summary>What an attempt said.</summary>
    public ReadOnlyMemory<byte> Write(NoteWrite note)
    {
        var from = Begin();
        PostgresEvents.Begin(_json);
        PostgresEvents.Add(_json, note.Event, note.TaskId.Stage, note.TaskId.Attempt);
        PostgresEvents.End(_json);
        return End(from);
    }

    /// <summary>Forgets everything. What was made is no longer needed.</summary>
    public void Clear()
    {
        if (_buffer.Capacity > MaxKeptBytes)
        {
            _buffer = new ArrayBufferWriter<byte>(64 * 1024);
            _json.Dispose();
            _json = new Utf8JsonWriter(_buffer);
        }

        _buffer.ResetWrittenCount();
    }

    /// <inheritdoc />
    public void Dispose() => _json.Dispose();

    private int Begin()
    {
        _json.Reset();
        return _buffer.WrittenCount;
    }

    // When the buffer grows it moves, and what was cut from it before stays where it was.
    private ReadOnlyMemory<byte> End(int from)
    {
        _json.Flush();
        return _buffer.WrittenMemory[from..];
    }
}
