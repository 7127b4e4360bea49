namespace Stack.Cli;

/// <summary>Grades a drill from 0 to 100: 80 points for the checks, 20 for a quick recovery. Pure.</summary>
internal static class DrillScore
{
    private const int ForChecks = 80;
    private const int ForRecovery = 20;
    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(60);

    /// <summary>Grades.</summary>
    /// <param name="checks">What was checked.</param>
    /// <param name="hadFault">Whether there was something to recover from.</param>
    /// <param name="recovery">How long it took until work went on and everything was well. Null: that did not happen.</param>
    public static int Of(IReadOnlyList<Check> checks, bool hadFault, TimeSpan? recovery)
    {
        var held = checks.Count == 0 ? 0 : (double)checks.Count(check => check.Holds) / checks.Count;
        var speed = !hadFault ? 1 : recovery is null ? 0 : Math.Clamp((Slow - recovery.Value) / (Slow - Quick), 0, 1);
        return (int)Math.Floor((ForChecks * held) + (ForRecovery * speed));
    }
}
