using System.Diagnostics;

namespace Stack.Tests.Orchestrator.Api;

/// <summary>Waits on a condition with a deadline.</summary>
internal static class Deadline
{
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> claim, int seconds = 30)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(seconds), $"Not within {seconds} s: {claim()}");
            await Task.Delay(20);
        }
    }
}
