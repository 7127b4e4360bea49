namespace Stack.Cli;

/// <summary>What was asked for makes no sense. The message names the value and the remedy.</summary>
internal sealed class UsageException(string message) : Exception(message);
