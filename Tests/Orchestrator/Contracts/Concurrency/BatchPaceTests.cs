using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Contracts.Concurrency;

public sealed class BatchPaceTests
{
    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void Gather_AfterABatch_GoesOnAtOnceUnlessThereWereSeveral(int count, bool atOnce)
    {
        var pace = new BatchPace();
        pace.Took(5);
        pace.Took(count);

        // In a context of the test's own nothing else runs before the await: what was put off cannot be over yet.
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new NothingRuns());
        var gathering = pace.GatherAsync();
        SynchronizationContext.SetSynchronizationContext(before);

        Assert.Equal(atOnce, gathering.IsCompletedSuccessfully);
    }

    private sealed class NothingRuns : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
            // It would go on here.
        }
    }
}
