namespace Stack.Cli;

/// <summary>There is no AppHost to control, or it went away. The message says where it was looked for.</summary>
internal sealed class HostUnreachableException(string message, Exception? cause) : Exception(message, cause);
