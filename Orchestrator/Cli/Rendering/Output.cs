using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Where results go, and in which of three manners: live and colored, plain lines, or JSON.</summary>
internal sealed class Output(Surroundings surroundings, bool json, bool plain)
{
    private static readonly JsonSerializerOptions Lines = new(StackJson.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Documents = new(Lines) { WriteIndented = true };
    private IAnsiConsole? _console;

    /// <summary>Whether a program reads the results.</summary>
    public bool IsJson => json;

    /// <summary>Whether colors may be used.</summary>
    public bool IsStyled { get; } = !json && !plain && surroundings.OutIsTerminal && string.IsNullOrEmpty(surroundings.Variable("NO_COLOR")) && surroundings.Variable("TERM") is not "dumb";

    /// <summary>Whether lines that were written may be rewritten.</summary>
    public bool IsLive => IsStyled && string.IsNullOrEmpty(surroundings.Variable("CI"));

    /// <summary>The terminal.</summary>
    public IAnsiConsole Console => _console ??= AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = IsStyled ? AnsiSupport.Yes : AnsiSupport.No,
        Interactive = IsLive ? InteractionSupport.Yes : InteractionSupport.No,
        Out = new TerminalOutput(surroundings),
    });

    /// <summary>Writes a line of markup; without styles where nobody sees them.</summary>
    public void Line(string markup)
    {
        if (IsStyled)
        {
            Console.MarkupLine(markup);
        }
        else
        {
            Text(Markup.Remove(markup));
        }
    }

    /// <summary>Writes a line as it is.</summary>
    public void Text(string line) => surroundings.Out.WriteLine(line);

    /// <summary>Writes a value as one JSON document.</summary>
    public void Document<T>(T value) => Text(JsonSerializer.Serialize(value, Documents));

    /// <summary>Writes a value as one line of JSON.</summary>
    public void Record<T>(T value)
    {
        Text(JsonSerializer.Serialize(value, Lines));
        surroundings.Out.Flush();
    }

    /// <summary>Writes a line beside the results.</summary>
    public void Note(string line) => surroundings.Error.WriteLine(line);

    /// <summary>Writes a value as one line of JSON beside the results.</summary>
    public void NoteRecord<T>(T value) => Note(JsonSerializer.Serialize(value, Lines));
}
