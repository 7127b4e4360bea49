using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>The library or category that recorded something.</summary>
/// <param name="Name">Its name; of a log, the category.</param>
/// <param name="Version">Its version; null when it gave none.</param>
/// <param name="Attributes">In the store's form.</param>
internal sealed record TelemetryScope(string Name, string? Version, byte[] Attributes);

/// <summary>The scopes that recorded something, by number; when there are too many, further ones are one. Not thread-safe.</summary>
internal sealed class ScopeTable(RecordWriter writer, int capacity = 4_096)
{
    private const int LongestName = 512;

    private readonly List<TelemetryScope> scopes = [new TelemetryScope("", null, [0])];
    private readonly Dictionary<byte[], int> numbers = new(BytesComparer.Instance);

    internal TelemetryScope this[int number] => scopes[number];

    internal int Find(ReadOnlySpan<byte> scope)
    {
        var start = writer.Output.Length;
        writer.PlainText(Short(ProtoReader.Find(scope, 1)));
        writer.PlainText(Short(ProtoReader.Find(scope, 2)));
        var attributes = writer.Output.Length;
        writer.Attributes(scope, field: 3, isIdentity: true);
        var key = writer.Output.Written[start..];
        if (!numbers.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var number) && scopes.Count < capacity)
        {
            number = scopes.Count;
            scopes.Add(new TelemetryScope(Text(scope, 1) ?? "", Text(scope, 2), writer.Output.Written[attributes..].ToArray()));
            numbers.Add(key.ToArray(), number);
        }
        writer.Output.CutTo(start);
        return number;
    }

    private static ReadOnlySpan<byte> Short(ReadOnlySpan<byte> utf8) => utf8[..Math.Min(utf8.Length, LongestName)];

    private static string? Text(ReadOnlySpan<byte> scope, int field)
    {
        var utf8 = Short(ProtoReader.Find(scope, field));
        return utf8.IsEmpty ? null : Encoding.UTF8.GetString(utf8);
    }
}
