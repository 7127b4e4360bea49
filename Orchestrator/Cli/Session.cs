namespace Stack.Cli;

/// <summary>One invocation: where its output goes and which orchestrator it talks to.</summary>
internal sealed class Session(Surroundings surroundings, Output output, ApiClient api) : IDisposable
{
    public Surroundings Surroundings => surroundings;

    public Output Output => output;

    public ApiClient Api => api;

    public TimeProvider Time => surroundings.Time;

    /// <summary>Whether a person is there who can be asked.</summary>
    public bool CanAsk => !output.IsJson && surroundings is { InIsTerminal: true, OutIsTerminal: true };

    /// <summary>A command line that the person can type here.</summary>
    /// <param name="line">The command and its arguments.</param>
    public string Propose(string line) => $"{surroundings.CommandName} {line}";

    public void Dispose() => api.Dispose();
}
