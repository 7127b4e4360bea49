using System.Text;
using Spectre.Console;

namespace Stack.Cli;

/// <summary>The terminal of the surroundings, for Spectre.</summary>
internal sealed class TerminalOutput(Surroundings surroundings) : IAnsiConsoleOutput
{
    public TextWriter Writer => surroundings.Out;

    public bool IsTerminal => surroundings.OutIsTerminal;

    public int Width => surroundings.Size().Width;

    public int Height => surroundings.Size().Height;

    public void SetEncoding(Encoding encoding)
    {
        // The writer's encoding is its owner's affair.
    }
}
