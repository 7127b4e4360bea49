using System.Diagnostics;

namespace Stack.Tests.ServiceDefaults;

/// <summary>Waits on a condition with a deadline.</summary>
internal static class Eventually
{
    public static Task TrueAsync(Func<bool> condition, string claim, TimeSpan? deadline = null)
        => TrueAsync(() => Task.FromResult(condition()), claim, deadline);

    public static async Task TrueAsync(Func<Task<bool>> condition, string claim, TimeSpan? deadline = null)
    {
        var limit = deadline ?? TimeSpan.FromSeconds(20);
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(watch.Elapsed < limit, $"Not within {limit.TotalSeconds} s: {claim}");
            await Task.Delay(20);
        }
    }
}
