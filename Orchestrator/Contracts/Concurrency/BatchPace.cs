namespace Stack.Contracts;

/// <summary>
/// For a loop that takes batches from where others write, and may go on on the thread of whoever wrote: it does while messages come one by one, which saves their way a hand-over between
/// threads. Where several came together more will, and the first of them does not go alone.
/// </summary>
/// <remarks>For one loop at a time.</remarks>
public sealed class BatchPace
{
    private volatile bool _isBusy;

    /// <summary>Lets others write first when there is much; to be awaited before a batch is taken.</summary>
    public ValueTask GatherAsync() => _isBusy ? LeaveAsync() : ValueTask.CompletedTask;

    /// <summary>Notes the last batch.</summary>
    /// <param name="count">How many there were in it.</param>
    public void Took(int count) => _isBusy = count > 1;

    private static async ValueTask LeaveAsync() => await Task.Yield();
}
