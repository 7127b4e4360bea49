namespace Stack.Cli;

/// <summary>Reads the orchestrator's address as people write it.</summary>
internal static class ServerAddress
{
    public const string Default = "http://localhost:3000";

    public const string Variable = "STACK_SERVER";

    /// <summary>Parses an address; <c>host:port</c> means http. Null or empty: the default.</summary>
    /// <exception cref="UsageException">The text is no address.</exception>
    public static Uri Parse(string? text)
    {
        text = string.IsNullOrWhiteSpace(text) ? Default : text.Trim();
        var absolute = text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}";
        return Uri.TryCreate(absolute, UriKind.Absolute, out var server) && server.Scheme is "http" or "https" && server is { Host.Length: > 0, Query: "", Fragment: "" }
            ? new Uri(server.AbsoluteUri.TrimEnd('/') + "/")
            : throw new UsageException($"'{text}' is not the address of a server. Write --server {Default}, or set {Variable} to such an address.");
    }
}
