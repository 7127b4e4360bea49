namespace Aspire.Hosting.Offline;

/// <summary>A signal that asks a program to end: its number, and its name for <c>kill</c>.</summary>
internal sealed record StopSignal(int Number, string Name)
{
    /// <summary>What nearly every program understands.</summary>
    internal static StopSignal Terminate { get; } = new(15, "TERM");

    /// <summary>What a terminal's Ctrl+C sends; PostgreSQL's fast shutdown.</summary>
    internal static StopSignal Interrupt { get; } = new(2, "INT");
}
