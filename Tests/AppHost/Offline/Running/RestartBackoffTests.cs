using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Running;

public sealed class RestartBackoffTests
{
    [Fact]
    public void Next_CrashesInARow_DoublesUpToThirtySeconds()
    {
        var backoff = new RestartBackoff();

        var pauses = Enumerable.Range(0, 8).Select(_ => backoff.Next(TimeSpan.FromSeconds(3)).TotalSeconds);

        Assert.Equal([1, 2, 4, 8, 16, 30, 30, 30], pauses);
    }

    [Fact]
    public void Next_AfterAStableRun_BeginsAgain()
    {
        var backoff = new RestartBackoff();
        backoff.Next(TimeSpan.Zero);
        backoff.Next(TimeSpan.Zero);

        Assert.Equal(TimeSpan.FromSeconds(1), backoff.Next(RestartBackoff.Stable));
        Assert.Equal(TimeSpan.FromSeconds(2), backoff.Next(TimeSpan.Zero));
    }
}
