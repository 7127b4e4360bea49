namespace Aspire.Hosting.Offline;

/// <summary>Tells from the attributes of a span what kind of work it is, and whom it called; the keys are OpenTelemetry's semantic conventions.</summary>
internal static class SpanCharacter
{
    private static readonly (string Prefix, string Type)[] Types =
        [("gen_ai.", "genai"), ("db.", "database"), ("messaging.", "messaging"), ("rpc.", "rpc"), ("http.", "http")];

    private static readonly string[] PeerKeys = ["peer.service", "db.system.name", "db.system", "messaging.system", "gen_ai.provider.name", "gen_ai.system", "server.address", "net.peer.name"];

    internal static string Type(IReadOnlyDictionary<string, object?> attributes) =>
        Types.FirstOrDefault(one => attributes.Keys.Any(key => key.StartsWith(one.Prefix, StringComparison.Ordinal))).Type ?? "other";

    /// <summary>Null when it called nobody, or does not say whom.</summary>
    internal static string? Peer(SpanKind kind, IReadOnlyDictionary<string, object?> attributes) => kind is not (SpanKind.Client or SpanKind.Producer) ? null
        : PeerKeys.Select(key => attributes.TryGetValue(key, out var value) ? RecordReader.AsText(value) : null).FirstOrDefault(text => text is { Length: > 0 });
}
