using System.CommandLine;

namespace Stack.Cli;

/// <summary>A command with examples, which its help shows.</summary>
internal sealed class DocumentedCommand(string name, string description, IReadOnlyList<string> examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples => examples;
}
