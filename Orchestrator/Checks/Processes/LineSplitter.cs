using System.Text;

namespace Stack.Checks.Processes;

/// <summary>Cuts a stream of text into lines. A line longer than 4,000 characters is passed on in pieces.</summary>
/// <param name="onLine">Receives the lines without their ends.</param>
internal sealed class LineSplitter(Action<string> onLine)
{
    private const int LongestLine = 4_000;

    private readonly StringBuilder _line = new();

    /// <summary>Adds text.</summary>
    /// <param name="text">The text.</param>
    public void Add(ReadOnlySpan<char> text)
    {
        while (text.IndexOf('\n') is var end and >= 0)
        {
            AddPiece(text[..end]);
            Emit();
            text = text[(end + 1)..];
        }

        AddPiece(text);
    }

    /// <summary>Passes on what is left.</summary>
    public void Finish()
    {
        if (_line.Length > 0)
        {
            Emit();
        }
    }

    private void AddPiece(ReadOnlySpan<char> text)
    {
        while (_line.Length + text.Length > LongestLine)
        {
            var room = LongestLine - _line.Length;
            _line.Append(text[..room]);
            Emit();
            text = text[room..];
        }

        _line.Append(text);
    }

    private void Emit()
    {
        var line = _line.ToString();
        _line.Clear();
        onLine(line.EndsWith('\r') ? line[..^1] : line);
    }
}
