using System.Diagnostics;

namespace Stack.Tests;

/// <summary>Waits on a condition with a deadline.</summary>
internal static class Eventually
{
    public static Task TrueAsync(Func<bool> condition, string claim, double seconds = 20) =>
        TrueAsync(() => Task.FromResult(condition()), () => claim, TimeSpan.FromSeconds(seconds));

    public static Task TrueAsync(Func<bool> condition, string claim, TimeSpan deadline) =>
        TrueAsync(() => Task.FromResult(condition()), () => claim, deadline);

    public static Task TrueAsync(Func<Task<bool>> condition, string claim, double seconds = 20) =>
        TrueAsync(condition, () => claim, TimeSpan.FromSeconds(seconds));

    /// <summary>Waits; the claim is made only when it fails, so that it can say what was seen last.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string> claim, TimeSpan deadline)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed >= deadline)
            {
                Assert.Fail($"Not within {deadline.TotalSeconds} s: {claim()}");
            }

            await Task.Delay(20);
        }
    }
}
