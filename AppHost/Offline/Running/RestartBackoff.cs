namespace Aspire.Hosting.Offline;

/// <summary>How long to wait before a crashed instance is started again: 1 s, 2 s, 4 s … 30 s; from the start again after it ran for ten seconds.</summary>
internal sealed class RestartBackoff
{
    internal static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    internal static readonly TimeSpan Stable = TimeSpan.FromSeconds(10);

    /// <summary>How often it crashed in a row.</summary>
    internal int Crashes { get; private set; }

    /// <summary>Counts a crash after so long a run, and says how long to wait.</summary>
    internal TimeSpan Next(TimeSpan ran)
    {
        Crashes = ran >= Stable ? 1 : Crashes + 1;
        return Crashes > 5 ? Longest : TimeSpan.FromSeconds(1 << (Crashes - 1));
    }

    internal void Reset() => Crashes = 0;
}
