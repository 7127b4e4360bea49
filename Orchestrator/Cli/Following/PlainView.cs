using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Progress for pipes and files: one line for each thing that happened, none ever rewritten.</summary>
internal sealed class PlainView(Session session) : IProgressView
{
    private bool _hasBegun;
    private string? _previous;

    public bool NeedsEveryPicture => false;

    public void Show(WorkflowResource workflow)
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            session.Output.Text($"Workflow {workflow.Id} {workflow.Name} ({workflow.Definition})");
        }
    }

    public void Show(EventResource happened)
    {
        if (happened.Type is "stage.log")
        {
            return;
        }

        var line = EventLine.Of(happened);
        if (line != _previous)
        {
            session.Output.Text($"{Words.TimeOfDay(happened.At, session.Time)} {line}");
        }

        _previous = line;
    }

    public void Remark(string line) => session.Output.Note(line);

    public void Tick()
    {
        // Nothing moves on its own.
    }
}
