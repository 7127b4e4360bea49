using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Shows how a workflow gets on. Only remarks may come while something else is shown.</summary>
internal interface IProgressView
{
    /// <summary>Whether progress messages ask for a new picture too, not only changes of state.</summary>
    bool NeedsEveryPicture { get; }

    /// <summary>Shows where the workflow stands now.</summary>
    void Show(WorkflowResource workflow);

    /// <summary>Shows what happened.</summary>
    void Show(EventResource happened);

    /// <summary>Shows a remark of the command itself.</summary>
    void Remark(string line);

    /// <summary>Time passed.</summary>
    void Tick();
}
