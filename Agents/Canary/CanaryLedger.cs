using System.Buffers;
using System.Text.Json;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Canary;

/// <summary>
/// What this canary did, one line of JSON for each step, on its own disk. A line is with the operating system when <see cref="Write"/> returns, so that it survives a kill of the process. Thread-safe.
/// </summary>
/// <param name="home">Whose ledger it is.</param>
/// <param name="time">The clock.</param>
internal sealed class CanaryLedger(AgentHome home, TimeProvider time) : IDisposable
{
    private readonly FileStream _file = Open(home);
    private readonly ArrayBufferWriter<byte> _line = new(512);
    private readonly Lock _gate = new();

    /// <summary>Writes a line.</summary>
    /// <param name="happened">What happened.</param>
    /// <param name="task">The attempt.</param>
    public void Write(CanaryLedgerEvent happened, TaskId task)
    {
        var entry = new CanaryLedgerEntry { Event = happened, TaskId = task, AgentId = home.Id, ProcessId = Environment.ProcessId, At = time.GetUtcNow() };
        lock (_gate)
        {
            _line.ResetWrittenCount();
            using (var writer = new Utf8JsonWriter(_line))
            {
                JsonSerializer.Serialize(writer, entry, StackJson.Options);
            }

            _line.Write("\n"u8);

            // One write for the whole line: a kill leaves it out or in.
            _file.Write(_line.WrittenSpan);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();

    private static FileStream Open(AgentHome home)
    {
        var folder = Directory.CreateDirectory(Path.Combine(home.SharedDirectory, CanaryFiles.Ledgers)).FullName;
        return new FileStream(Path.Combine(folder, $"{home.Id}.jsonl"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
    }
}
