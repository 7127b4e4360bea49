namespace Aspire.Hosting.Offline;

/// <summary>A server answered, and what it said is a refusal; the message continues "the server refuses: ".</summary>
internal sealed class ServerRefusedException(string message) : Exception(message);
