namespace Aspire.Hosting.Offline;

/// <summary>A piece of a YAML document.</summary>
internal abstract record YamlNode
{
    private YamlNode()
    {
    }

    public static implicit operator YamlNode(string text) => new Text(text);

    public static implicit operator YamlNode(int number) => new Plain(number.ToString(System.Globalization.CultureInfo.InvariantCulture));

    public static implicit operator YamlNode(bool flag) => new Plain(flag ? "true" : "false");

    /// <summary>A text, written in double quotes.</summary>
    internal sealed record Text(string Value) : YamlNode;

    /// <summary>What is written as it is: a number, a truth value, a template's expression.</summary>
    internal sealed record Plain(string Value) : YamlNode;

    /// <summary>A sequence.</summary>
    internal sealed record Sequence(IReadOnlyList<YamlNode> Items) : YamlNode;

    /// <summary>A mapping that keeps the order of its keys. Absent and empty values are left out by <see cref="Add(string, YamlNode?)"/>.</summary>
    internal sealed record Map : YamlNode, System.Collections.IEnumerable
    {
        private readonly List<(string Key, YamlNode Value)> entries = [];

        internal IReadOnlyList<(string Key, YamlNode Value)> Entries => entries;

        internal void Add(string key, YamlNode? value)
        {
            if (value is not (null or Sequence { Items.Count: 0 } or Map { Entries.Count: 0 }))
            {
                entries.Add((key, value));
            }
        }

        public System.Collections.IEnumerator GetEnumerator() => entries.GetEnumerator();
    }
}
