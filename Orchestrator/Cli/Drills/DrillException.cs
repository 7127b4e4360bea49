namespace Stack.Cli;

/// <summary>A drill cannot go on; the message says why. It counts as broken.</summary>
internal sealed class DrillException(string message) : Exception(message);
