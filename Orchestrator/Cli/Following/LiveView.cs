using Spectre.Console;
using Spectre.Console.Rendering;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Progress on a terminal: a picture of all stages that is kept up to date in place.</summary>
internal sealed class LiveView : IProgressView
{
    private const int BarWidth = 30;
    private readonly Session _session;
    private readonly LiveDisplayContext _display;
    private readonly Lock _gate = new();
    private WorkflowResource? _workflow;
    private string? _happened;
    private string? _remark;

    private LiveView(Session session, LiveDisplayContext display)
    {
        _session = session;
        _display = display;
    }

    public bool NeedsEveryPicture => true;

    /// <summary>Shows a live view while something goes on; its last picture stays.</summary>
    public static async Task<T> RunAsync<T>(Session session, Func<IProgressView, Task<T>> work) =>
        await session.Output.Console.Live(new Text("")).StartAsync(display => work(new LiveView(session, display)));

    public void Show(WorkflowResource workflow)
    {
        _workflow = workflow;
        Draw();
    }

    public void Show(EventResource happened)
    {
        if (happened.Type is not "stage.log")
        {
            _happened = $"{Words.TimeOfDay(happened.At, _session.Time)} {EventLine.Of(happened)}";
        }
    }

    public void Remark(string line)
    {
        _remark = line;
        Draw();
    }

    public void Tick() => Draw();

    // Remarks come from the connection while pictures come from the follower.
    private void Draw()
    {
        lock (_gate)
        {
            if (_workflow is { } workflow)
            {
                _display.UpdateTarget(Picture(workflow));
            }
        }
    }

    private Rows Picture(WorkflowResource workflow)
    {
        var width = _session.Surroundings.Size().Width;
        var lines = new List<IRenderable>
        {
            new Markup($"[bold]{Markup.Escape(workflow.Name)}[/] {Styles.Apply("grey", $"{workflow.Definition} {workflow.Id}")}"),
            new Markup(Bar(workflow)),
            StageTable.Of(workflow, _session.Time).ToRenderable(width),
        };
        if (!WorkflowFollower.IsTerminal(workflow.Status) && _happened is not null)
        {
            lines.Add(new Markup(Styles.Apply("grey", Words.FirstLine(_happened, Math.Max(20, width - 1)))));
        }

        if (!WorkflowFollower.IsTerminal(workflow.Status) && _remark is not null)
        {
            lines.Add(new Markup(Styles.Apply("yellow", _remark)));
        }

        return new Rows(lines);
    }

    private string Bar(WorkflowResource workflow)
    {
        var share = Math.Clamp(workflow.Progress, 0, 100);
        var full = BarWidth * share / 100;
        var passed = (workflow.CompletedAt ?? _session.Time.GetUtcNow()) - workflow.CreatedAt;
        return $"{Styles.Apply(Styles.Of(workflow.Status), new string('━', full))}{Styles.Apply("grey", new string('─', BarWidth - full))} "
            + $"{share} %  {Styles.Apply(Styles.Of(workflow.Status), workflow.State)}  {Words.Of(passed)}";
    }
}
