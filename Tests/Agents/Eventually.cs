using System.Diagnostics;

namespace Stack.Tests.Agents;

/// <summary>Waits on a condition with a deadline.</summary>
internal static class Eventually
{
    internal static async Task TrueAsync(Func<bool> condition, string claim, double seconds = 20)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed.TotalSeconds < seconds, $"Not within {seconds} s: {claim}");
            await Task.Delay(10);
        }
    }
}
