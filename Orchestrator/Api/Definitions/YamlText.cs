using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Stack.Orchestrator.Api.Definitions;

/// <summary>
/// Turns YAML into JSON (YAML 1.2, core schema: <c>yes</c> is a text). Anchors and aliases work within the limits of <see cref="DefinitionText"/>, so that a small text cannot become a huge value.
/// </summary>
internal static partial class YamlText
{
    /// <summary>Reads a text.</summary>
    /// <param name="yaml">The text.</param>
    public static DefinitionText Read(string yaml)
    {
        var scanner = new Scanner(new StringReader(yaml), skipComments: true);
        try
        {
            var parser = new Parser(scanner);
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
            {
                return DefinitionText.Unreadable("The text is empty.", "Write a definition with 'name' and 'stages'.", null);
            }

            parser.Consume<DocumentStart>();
            var root = new Reader(parser).Read(0);
            parser.Consume<DocumentEnd>();
            return parser.Accept<StreamEnd>(out _)
                ? Write(root)
                : DefinitionText.Unreadable("There is more than one document.", "Send one definition at a time.", Line(parser.Current!));
        }
        catch (YamlException malformed)
        {
            return DefinitionText.Unreadable($"It is not YAML: {malformed.Message}", "Check the indentation and the quotes around this line.", (int)malformed.Start.Line);
        }
        catch (Exception broken) when (broken is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // The parser gives up on some unclosed brackets and quotes in ways of its own.
            return DefinitionText.Unreadable("It is not YAML: the text ends in the middle.", "Close every bracket and quote.", (int)scanner.CurrentPosition.Line);
        }
        catch (RefusedException refused)
        {
            return DefinitionText.Unreadable(refused.Message, refused.Remedy, refused.Line);
        }
    }

    private static DefinitionText Write(Node root)
    {
        using var memory = new MemoryStream();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        using (var json = new Utf8JsonWriter(memory))
        {
            var left = DefinitionText.MaxNodes;
            Write(root, "", json, lines, 0, ref left);
        }

        using var document = JsonDocument.Parse(memory.GetBuffer().AsMemory(0, (int)memory.Length));
        return new DefinitionText(document.RootElement.Clone(), lines, []);
    }

    private static void Write(Node node, string path, Utf8JsonWriter json, Dictionary<string, int> lines, int depth, ref int left)
    {
        if (--left < 0 || depth > DefinitionText.MaxDepth)
        {
            throw new RefusedException(left < 0 ? $"There are more than {DefinitionText.MaxNodes} values." : $"The values are nested deeper than {DefinitionText.MaxDepth}.", "Write less, and use fewer aliases.", node.Line);
        }

        lines[path.Length == 0 ? "$" : path] = node.Line;
        lines[path] = node.Line;
        switch (node)
        {
            case Node.Map map:
                json.WriteStartObject();
                foreach (var (name, value) in map.Fields)
                {
                    json.WritePropertyName(name);
                    Write(value, path.Length == 0 ? name : $"{path}.{name}", json, lines, depth + 1, ref left);
                }

                json.WriteEndObject();
                break;
            case Node.List list:
                json.WriteStartArray();
                for (var i = 0; i < list.Items.Count; i++)
                {
                    Write(list.Items[i], string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), json, lines, depth + 1, ref left);
                }

                json.WriteEndArray();
                break;
            case Node.Text text:
                Write(text, json);
                break;
        }
    }

    private static void Write(Node.Text text, Utf8JsonWriter json)
    {
        switch (text.Value)
        {
            case "" or "~" or "null" or "Null" or "NULL" when text.Plain:
                json.WriteNullValue();
                break;
            case "true" or "True" or "TRUE" when text.Plain:
                json.WriteBooleanValue(true);
                break;
            case "false" or "False" or "FALSE" when text.Plain:
                json.WriteBooleanValue(false);
                break;
            case var number when text.Plain && JsonNumber().IsMatch(number):
                json.WriteRawValue(number);
                break;
            default:
                json.WriteStringValue(text.Value);
                break;
        }
    }

    private static int Line(ParsingEvent at) => (int)at.Start.Line;

    [GeneratedRegex(@"^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?$")]
    private static partial Regex JsonNumber();

    private abstract record Node(int Line)
    {
        public sealed record Map(int Line, List<(string Name, Node Value)> Fields) : Node(Line);

        public sealed record List(int Line, List<Node> Items) : Node(Line);

        public sealed record Text(int Line, string Value, bool Plain) : Node(Line);
    }

    /// <summary>Reads events into nodes. An anchor is known once its node is complete, so that no node contains itself.</summary>
    private sealed class Reader(Parser parser)
    {
        private readonly Dictionary<string, Node> _anchors = new(StringComparer.Ordinal);

        public Node Read(int depth)
        {
            if (depth > DefinitionText.MaxDepth)
            {
                throw new RefusedException($"The values are nested deeper than {DefinitionText.MaxDepth}.", "Write it flatter.", Line(parser.Current!));
            }

            if (parser.TryConsume<AnchorAlias>(out var alias))
            {
                return _anchors.TryGetValue(alias.Value.Value, out var known)
                    ? known
                    : throw new RefusedException($"There is no complete anchor '&{alias.Value.Value}' before its use.", "Write the anchored value first.", Line(alias));
            }

            var start = (NodeEvent)parser.Current!;
            var node = ReadNode(depth);
            if (!start.Anchor.IsEmpty)
            {
                _anchors[start.Anchor.Value] = node;
            }

            return node;
        }

        private Node ReadNode(int depth)
        {
            if (parser.TryConsume<Scalar>(out var scalar))
            {
                var text = !scalar.Tag.IsEmpty && !scalar.Tag.IsNonSpecific && scalar.Tag.Value.EndsWith(":str", StringComparison.Ordinal);
                return new Node.Text(Line(scalar), scalar.Value, scalar.Style == ScalarStyle.Plain && !text);
            }

            if (parser.TryConsume<SequenceStart>(out var list))
            {
                var items = new List<Node>();
                while (!parser.TryConsume<SequenceEnd>(out _))
                {
                    items.Add(Read(depth + 1));
                }

                return new Node.List(Line(list), items);
            }

            return ReadMap(parser.Consume<MappingStart>(), depth);
        }

        private Node.Map ReadMap(MappingStart start, int depth)
        {
            var fields = new List<(string Name, Node Value)>();
            var names = new HashSet<string>(StringComparer.Ordinal);
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var line = Line(parser.Current!);
                if (!parser.TryConsume<Scalar>(out var name))
                {
                    throw new RefusedException("The name of a field must be a text.", "Write 'name: value'.", line);
                }

                if (!names.Add(name.Value))
                {
                    throw new RefusedException($"The field '{name.Value}' is there twice.", "Remove one.", line);
                }

                fields.Add((name.Value, Read(depth + 1)));
            }

            return new Node.Map(Line(start), fields);
        }
    }

    private sealed class RefusedException(string message, string remedy, int line) : Exception(message)
    {
        public string Remedy => remedy;

        public int Line => line;
    }
}
