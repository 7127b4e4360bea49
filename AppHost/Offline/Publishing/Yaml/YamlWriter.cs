using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>Writes YAML as Aspire does: two spaces, texts in double quotes, the keys in their order.</summary>
internal static class YamlWriter
{
    internal static string Write(YamlNode.Map document)
    {
        var text = new StringBuilder();
        WriteMap(text, document, indent: 0, isFirstInline: false);
        return text.ToString();
    }

    private static void WriteMap(StringBuilder text, YamlNode.Map map, int indent, bool isFirstInline)
    {
        foreach (var (key, value) in map.Entries)
        {
            text.Append(' ', isFirstInline ? 0 : indent).Append(key).Append(':');
            isFirstInline = false;
            WriteValue(text, value, indent + 2);
        }
    }

    private static void WriteValue(StringBuilder text, YamlNode value, int indent)
    {
        switch (value)
        {
            case YamlNode.Map map:
                text.Append('\n');
                WriteMap(text, map, indent, isFirstInline: false);
                break;
            case YamlNode.Sequence sequence:
                text.Append('\n');
                foreach (var item in sequence.Items)
                {
                    WriteItem(text, item, indent);
                }
                break;
            default:
                text.Append(' ').Append(Scalar(value)).Append('\n');
                break;
        }
    }

    private static void WriteItem(StringBuilder text, YamlNode item, int indent)
    {
        text.Append(' ', indent).Append("- ");
        if (item is YamlNode.Map map)
        {
            WriteMap(text, map, indent + 2, isFirstInline: true);
        }
        else
        {
            text.Append(Scalar(item)).Append('\n');
        }
    }

    private static string Scalar(YamlNode value) => value switch
    {
        YamlNode.Text quoted => Quote(quoted.Value),
        YamlNode.Plain plain => plain.Value,
        _ => throw new InvalidOperationException($"{value.GetType().Name} is no scalar of YAML."),
    };

    private static string Quote(string value)
    {
        var text = new StringBuilder(value.Length + 2).Append('"');
        var inTemplate = false;
        for (var index = 0; index < value.Length; index++)
        {
            // A template's expression is replaced before the YAML is read, so its own quotes stay as they are.
            inTemplate = (inTemplate || string.CompareOrdinal(value, index, "{{", 0, 2) == 0) && !(index >= 2 && string.CompareOrdinal(value, index - 2, "}}", 0, 2) == 0);
            text.Append((value[index], inTemplate) switch
            {
                ('"', false) => "\\\"",
                ('\\', false) => @"\\",
                ('\n', false) => "\\n",
                ('\r', false) => "\\r",
                ('\t', false) => "\\t",
                var (letter, _) => letter.ToString(),
            });
        }
        return text.Append('"').ToString();
    }
}
