using System.Text.Json.Nodes;
using Stack.Orchestrator.Gateway.Conversations;

namespace Stack.Orchestrator.Gateway.OpenAi;

/// <summary>A response of OpenAI's newer protocol while it is made and after: its state, its output, and its events, which any number of readers follow from any point. Thread-safe.</summary>
internal sealed class ResponseRun : IDisposable
{
    // OpenAI's word for it; ours has one l.
    private const string CanceledStatus = "cancelled";

    private readonly Lock _lock = new();
    private readonly List<(string Name, string Json)> _events = [];
    private readonly CancellationTokenSource _cancel;
    private readonly JsonObject _frame;
    private readonly JsonArray _output = [];
    private long _characters;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _status;
    private JsonObject? _error;
    private string? _incomplete;
    private TokenUse? _use;

    public ResponseRun(string id, string owner, JsonObject frame, ChatCall chat, bool isBackground, CancellationToken cancellationToken)
    {
        (Id, Owner, _frame, Chat, IsBackground) = (id, owner, frame, chat, isBackground);
        _status = isBackground ? "queued" : "in_progress";
        _characters = chat.Turns.Sum(CharactersOf);
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>Its id.</summary>
    public string Id { get; }

    /// <summary>Who asked for it; nobody else sees it.</summary>
    public string Owner { get; }

    /// <summary>The conversation that it answers.</summary>
    public ChatCall Chat { get; }

    /// <summary>Whether it goes on when the client leaves.</summary>
    public bool IsBackground { get; }

    /// <summary>Ends with a cancel.</summary>
    public CancellationToken Token => _cancel.Token;

    /// <summary>What the model said, for the response that goes on from here.</summary>
    public Turn? Reply { get; private set; }

    /// <summary>Whether nothing will change any more.</summary>
    public bool IsOver => _status is not ("queued" or "in_progress");

    /// <summary>About what it takes in memory, in bytes: the conversation with its pictures, and the events. What it shares with the response before it counts for both.</summary>
    public long SizeBytes => Interlocked.Read(ref _characters) * sizeof(char);

    /// <summary>The response as it is now.</summary>
    public JsonObject Snapshot()
    {
        lock (_lock)
        {
            return SnapshotLocked();
        }
    }

    /// <summary>Begins.</summary>
    public void Begin(string model)
    {
        lock (_lock)
        {
            _frame["model"] = model;
            Emit("response.created", new JsonObject { ["response"] = SnapshotLocked() });
            _status = "in_progress";
            Emit("response.in_progress", new JsonObject { ["response"] = SnapshotLocked() });
        }
    }

    /// <summary>An event about an item of the output.</summary>
    public void Tell(string name, JsonObject fields)
    {
        lock (_lock)
        {
            Emit(name, fields);
        }
    }

    /// <summary>The output has one more item.</summary>
    /// <returns>Its index.</returns>
    public int Add(JsonObject item)
    {
        lock (_lock)
        {
            _output.Add(item.DeepClone());
            Emit("response.output_item.added", new JsonObject { ["output_index"] = _output.Count - 1, ["item"] = item });
            return _output.Count - 1;
        }
    }

    /// <summary>An item is complete.</summary>
    public void Complete(int index, JsonObject item)
    {
        lock (_lock)
        {
            _output[index] = item.DeepClone();
            Emit("response.output_item.done", new JsonObject { ["output_index"] = index, ["item"] = item });
        }
    }

    /// <summary>The answer is complete.</summary>
    public void End(string reason, TokenUse use, Turn reply)
    {
        lock (_lock)
        {
            (_use, Reply) = (use, reply);
            _incomplete = reason switch { "length" => "max_output_tokens", "content_filter" => "content_filter", _ => null };
            Finish(_incomplete is null ? "completed" : "incomplete");
        }
    }

    /// <summary>The model did not answer, or stopped.</summary>
    public void Fail(ModelFailure failure)
    {
        lock (_lock)
        {
            _error = new JsonObject { ["code"] = failure.Code, ["message"] = failure.Message };
            Finish("failed");
        }
    }

    /// <summary>Ends it, if it is not over.</summary>
    public void Cancel()
    {
        lock (_lock)
        {
            Finish(CanceledStatus);
        }

        _cancel.Cancel();
    }

    /// <summary>The events after one, waiting for those to come.</summary>
    /// <param name="after">The sequence number of the last known event; -1: none.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async IAsyncEnumerable<(string Name, string Json)> FollowAsync(int after, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var next = Math.Max(0, after + 1); ;)
        {
            List<(string, string)> batch;
            Task changed;
            bool isOver;
            lock (_lock)
            {
                batch = next < _events.Count ? _events[next..] : [];
                (changed, isOver) = (_changed.Task, IsOver);
            }

            foreach (var item in batch)
            {
                yield return item;
            }

            next += batch.Count;
            if (isOver && batch.Count == 0)
            {
                yield break;
            }

            if (batch.Count == 0)
            {
                await changed.WaitAsync(cancellationToken);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => _cancel.Dispose();

    private static long CharactersOf(Turn turn) =>
        turn.Text.Length + turn.Calls.Sum(call => (long)call.Arguments.Length) + turn.Pictures.Sum(picture => (long)(picture.Base64?.Length ?? picture.Url?.Length ?? 0));

    private void Finish(string status)
    {
        if (IsOver)
        {
            return;
        }

        _status = status;
        // There is no event for a cancel; a reader sees the state in the last one.
        Emit(status is "completed" or "failed" or "incomplete" ? $"response.{status}" : "response.failed", new JsonObject { ["response"] = SnapshotLocked() });
    }

    private void Emit(string name, JsonObject fields)
    {
        if (IsOver && !fields.ContainsKey("response"))
        {
            return;
        }

        fields["type"] = name;
        fields["sequence_number"] = _events.Count;
        var json = fields.ToJsonString();
        _events.Add((name, json));
        Interlocked.Add(ref _characters, json.Length);
        var waiting = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.SetResult();
    }

    private JsonObject SnapshotLocked()
    {
        var snapshot = _frame.DeepClone().AsObject();
        snapshot["status"] = _status;
        snapshot["background"] = IsBackground;
        snapshot["output"] = _output.DeepClone();
        snapshot["error"] = _error?.DeepClone();
        snapshot["incomplete_details"] = _incomplete is null ? null : new JsonObject { ["reason"] = _incomplete };
        snapshot["usage"] = _use is not { } use ? null : new JsonObject
        {
            ["input_tokens"] = use.Prompt,
            ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = 0 },
            ["output_tokens"] = use.Completion,
            ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = 0 },
            ["total_tokens"] = use.Total,
        };
        return snapshot;
    }
}
