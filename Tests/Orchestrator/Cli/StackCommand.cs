using System.Text;
using Stack.Cli;

namespace Stack.Tests.Orchestrator.Cli;

/// <summary>Runs the command in this process, with writers instead of a console.</summary>
internal sealed class StackCommand
{
    private readonly StringWriter _out = new();
    private readonly StringWriter _error = new();
    private readonly MemoryStream _raw = new();

    public Dictionary<string, string> Variables { get; } = [];

    public string Directory { get; init; } = Path.GetTempPath();

    public string Input { get; init; } = "";

    public bool IsTerminal { get; init; }

    public int Width { get; init; } = 160;

    public string Git { get; init; } = "git";

    public List<Uri> Opened { get; } = [];

    /// <summary>What was printed so far.</summary>
    public string Out => Locked(_out);

    public string Error => Locked(_error);

    public static async Task<CommandOutcome> RunAsync(ScriptedOrchestrator orchestrator, params string[] arguments) =>
        await new StackCommand().InvokeAsync(orchestrator.Address, CancellationToken.None, arguments);

    public async Task<CommandOutcome> InvokeAsync(Uri server, CancellationToken cancellationToken, params string[] arguments)
    {
        Variables.TryAdd(ServerAddress.Variable, server.AbsoluteUri);
        var surroundings = new Surroundings
        {
            Out = TextWriter.Synchronized(_out),
            Error = TextWriter.Synchronized(_error),
            In = new StringReader(Input),
            OutIsTerminal = IsTerminal,
            InIsTerminal = IsTerminal,
            Size = () => (Width, 50),
            OpenOut = () => _raw,
            Variable = Variables.GetValueOrDefault,
            Directory = Directory,
            Git = Git,
            OpenBrowser = address =>
            {
                Opened.Add(address);
                return true;
            },
        };
        var code = await Stack.Cli.Program.RunAsync(arguments, surroundings, cancellationToken).WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        return new CommandOutcome((ExitCode)code, Out + Encoding.UTF8.GetString(_raw.ToArray()), Error);
    }

    // Synchronized writers lock on themselves; a copy taken at a bad moment is only ever used to wait for more.
    private static string Locked(StringWriter writer)
    {
        try
        {
            return writer.ToString();
        }
        catch (ArgumentException)
        {
            return "";
        }
    }
}

/// <summary>How a command ended.</summary>
internal sealed record CommandOutcome(ExitCode Code, string Out, string Error)
{
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
