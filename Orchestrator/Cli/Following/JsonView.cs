using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Progress for programs: one event per line of JSON, nothing else.</summary>
internal sealed class JsonView(Output output) : IProgressView
{
    public bool NeedsEveryPicture => false;

    public void Show(WorkflowResource workflow)
    {
        // Programs ask for it with 'show --json'.
    }

    public void Show(EventResource happened) => output.Record(happened);

    public void Remark(string line) => output.Note(line);

    public void Tick()
    {
        // Nothing moves on its own.
    }
}
