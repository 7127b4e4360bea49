namespace Aspire.Hosting.Offline;

/// <summary>A condition on an attribute: <c>KEY=VALUE</c>, <c>KEY!=VALUE</c>, <c>KEY~=VALUE</c> (contains), or <c>KEY</c> (is there). Values are compared as text, whatever their case.</summary>
internal sealed record AttributeFilter(string Key, char Relation, string Value)
{
    private const char Present = ' ';

    internal static AttributeFilter Parse(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        return at switch
        {
            < 0 => new AttributeFilter(text, Present, ""),
            > 0 when text[at - 1] is '!' or '~' => new AttributeFilter(text[..(at - 1)], text[at - 1], text[(at + 1)..]),
            _ => new AttributeFilter(text[..at], '=', text[(at + 1)..]),
        };
    }

    internal bool Allows(IReadOnlyDictionary<string, object?> attributes)
    {
        var text = attributes.TryGetValue(Key, out var value) ? RecordReader.AsText(value) : null;
        return Relation switch
        {
            '=' => string.Equals(text, Value, StringComparison.OrdinalIgnoreCase),
            '!' => !string.Equals(text, Value, StringComparison.OrdinalIgnoreCase),
            '~' => text is not null && text.Contains(Value, StringComparison.OrdinalIgnoreCase),
            _ => text is not null,
        };
    }
}
