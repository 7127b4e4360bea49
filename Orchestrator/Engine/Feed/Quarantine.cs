using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// Keeps apart what may have ended its agents. An agent that dies takes all of its attempts with it: whose fault it was shows only when the suspects are no longer given out together. From its second
/// lost lease in a row on, an attempt is given to a claimant only when that has no other suspect. Thread-safe.
/// </summary>
internal sealed class Quarantine(WorkflowCache cache)
{
    /// <summary>From so many lost leases in a row on, an attempt is a suspect.</summary>
    public const int Suspicious = 2;

    /// <summary>How long a suspect waits before it is looked at again.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private const int MostClaimants = 1_000;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, TaskId> _suspects = new(StringComparer.Ordinal);

    /// <summary>Whether an attempt may be given out to a claimant now.</summary>
    /// <param name="workflow">Its workflow.</param>
    /// <param name="taskId">The attempt.</param>
    /// <param name="claimant">Who takes it.</param>
    public bool TryAdmit(HotWorkflow workflow, TaskId taskId, string claimant)
    {
        if (workflow.State.Find(taskId.Stage) is not { Losses: >= Suspicious })
        {
            return true;
        }

        lock (_lock)
        {
            if (_suspects.TryGetValue(claimant, out var other) && other != taskId && IsOutstanding(other))
            {
                return false;
            }

            if (_suspects.Count >= MostClaimants)
            {
                foreach (var (over, _) in _suspects.Where(pair => !IsOutstanding(pair.Value)).ToList())
                {
                    _suspects.Remove(over);
                }
            }

            _suspects[claimant] = taskId;
            return true;
        }
    }

    private bool IsOutstanding(TaskId taskId) => cache.TryGet(taskId.WorkflowId)?.IsOutstanding(taskId) ?? false;
}
