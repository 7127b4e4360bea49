using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Attempts in an order, each at most once. One that is removed is gone at once; its place in the heap goes when its turn comes, or when such places are the most.</summary>
/// <typeparam name="TKey">What orders them; the lowest comes first.</typeparam>
internal sealed class TaskHeap<TKey>
{
    private readonly PriorityQueue<(ReadyTask Task, TKey Key, long Ticket), (TKey Key, long Ticket)> _heap = new();
    private readonly Dictionary<TaskId, long> _tickets = [];
    private long _lastTicket;

    public int Count => _tickets.Count;

    /// <summary>How many places it uses.</summary>
    public int Places => _heap.Count;

    public bool Contains(TaskId taskId) => _tickets.ContainsKey(taskId);

    /// <summary>Adds an attempt unless it is there.</summary>
    public void Add(ReadyTask task, TKey key)
    {
        if (_tickets.TryAdd(task.TaskId, _lastTicket + 1))
        {
            Push(task, key, ++_lastTicket);
        }
    }

    public void Remove(TaskId taskId)
    {
        if (_tickets.Remove(taskId) && _heap.Count > 64 && _heap.Count > 2 * _tickets.Count)
        {
            var left = _heap.UnorderedItems.Select(item => item.Element).Where(IsThere).ToList();
            _heap.Clear();
            left.ForEach(item => Push(item.Task, item.Key, item.Ticket));
        }
    }

    public bool TryPeek(out ReadyTask task, out TKey key)
    {
        while (_heap.TryPeek(out var first, out _))
        {
            if (IsThere(first))
            {
                (task, key) = (first.Task, first.Key);
                return true;
            }

            _heap.Dequeue();
        }

        (task, key) = (default, default!);
        return false;
    }

    public bool TryTake(out ReadyTask task)
    {
        if (!TryPeek(out task, out _))
        {
            return false;
        }

        _heap.Dequeue();
        _tickets.Remove(task.TaskId);
        return true;
    }

    private bool IsThere((ReadyTask Task, TKey Key, long Ticket) item) => _tickets.TryGetValue(item.Task.TaskId, out var ticket) && ticket == item.Ticket;

    private void Push(ReadyTask task, TKey key, long ticket) => _heap.Enqueue((task, key, ticket), (key, ticket));
}
