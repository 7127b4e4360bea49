using System.Globalization;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Canary;

/// <summary>A clock that a drill can put wrong by hours. Timers and durations are right: it is the machine's date that is not.</summary>
/// <param name="offset">By how much it is ahead; negative: behind.</param>
internal sealed class CanaryClock(TimeSpan offset) : TimeProvider, IDisposable
{
    private FileStream? _ahead;

    /// <summary>Opens the clock of a process: right, unless a drill left a file that says otherwise.</summary>
    /// <param name="home">The process.</param>
    public static CanaryClock Of(AgentHome home)
    {
        var file = Path.Combine(home.SharedDirectory, CanaryFiles.ClockOffset);
        if (!File.Exists(file) || !TimeSpan.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var offset))
        {
            return new CanaryClock(TimeSpan.Zero);
        }

        var ahead = TryLock(Path.Combine(home.SharedDirectory, CanaryFiles.ClockAhead));
        return new CanaryClock(ahead is null ? -offset : offset) { _ahead = ahead };
    }

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + offset;

    /// <inheritdoc />
    public void Dispose() => _ahead?.Dispose();

    private static FileStream? TryLock(string file)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            // Another canary has it, and is ahead; this one is behind.
            return null;
        }
    }
}
