using System.Runtime.InteropServices;
using Stack.Contracts;

namespace Stack.Orchestrator.Gateway.Journal;

/// <summary>
/// Counts equal calls within an attempt, so that the second of them is another call than the first, and the first one of the next attempt the same. In memory: after a restart an attempt that goes on
/// begins to count again, and gets its first answers once more. Thread-safe.
/// </summary>
internal sealed class OccurrenceBook
{
    private const int MostStages = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(WorkflowId Workflow, string Stage), AttemptCalls> _stages = [];
    private long _turn;

    /// <summary>How many equal calls the attempt made before, to their end.</summary>
    public int Count(WorkflowId workflow, string stage, int attempt, string call)
    {
        lock (_lock)
        {
            return Find(workflow, stage, attempt)?.Ended.GetValueOrDefault(call) ?? 0;
        }
    }

    /// <summary>A call was answered to its end.</summary>
    public void End(WorkflowId workflow, string stage, int attempt, string call, int occurrence)
    {
        lock (_lock)
        {
            if (Find(workflow, stage, attempt) is { } calls)
            {
                calls.Ended[call] = Math.Max(calls.Ended.GetValueOrDefault(call), occurrence + 1);
            }
        }
    }

    // An attempt that another took the place of is not counted any more: nothing that it does matters.
    private AttemptCalls? Find(WorkflowId workflow, string stage, int attempt)
    {
        ref var calls = ref CollectionsMarshal.GetValueRefOrAddDefault(_stages, (workflow, stage), out var isThere);
        if (!isThere || calls!.Attempt < attempt)
        {
            calls = new AttemptCalls(attempt);
        }

        var found = calls.Attempt == attempt ? calls : null;
        calls.Turn = ++_turn;
        if (_stages.Count > MostStages)
        {
            foreach (var old in _stages.OrderBy(entry => entry.Value.Turn).Take(MostStages / 4).Select(entry => entry.Key).ToList())
            {
                _stages.Remove(old);
            }
        }

        return found;
    }

    private sealed class AttemptCalls(int attempt)
    {
        public int Attempt => attempt;

        public long Turn { get; set; }

        public Dictionary<string, int> Ended { get; } = new(StringComparer.Ordinal);
    }
}
