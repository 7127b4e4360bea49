using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Something that can be done to an instance, and when.</summary>
/// <param name="Name">Its word in the address.</param>
/// <param name="Condition">When it is allowed, in words that follow its name.</param>
/// <param name="IsAllowed">Whether the state and the process allow it.</param>
/// <param name="Do">Does it, or asks for it.</param>
internal sealed record ControlAction(string Name, string Condition, Func<string?, int?, bool> IsAllowed, Action<ResourceSupervisor, ControlledResources> Do)
{
    private const string WhenItRuns = "needs a process that runs";

    private static readonly ControlAction[] All =
    [
        new("start", "is for what does not run", (state, _) => state is null || state == KnownResourceStates.NotStarted || state == KnownResourceStates.Waiting || KnownResourceStates.TerminalStates.Contains(state), (one, _) => one.RequestStart()),
        // What crashed waits for its next start, and a stop ends that.
        new("stop", "is for what was not stopped", (state, _) => state is not null && state != KnownResourceStates.NotStarted && state != KnownResourceStates.Stopping, (one, _) => one.RequestStop()),
        new("restart", WhenItRuns, Runs, (one, _) =>
        {
            one.RequestStop();
            one.RequestStart();
        }),
        new("kill", WhenItRuns, Runs, (one, _) => one.Kill()),
        new("pause", WhenItRuns, Runs, (one, resources) => resources.Signal(one, Offline.Signal.Pause)),
        new("resume", WhenItRuns, Runs, (one, resources) => resources.Signal(one, Offline.Signal.Resume)),
    ];

    internal static IEnumerable<string> Names => All.Select(action => action.Name);

    internal static ControlAction? Find(string name) => Array.Find(All, action => action.Name == name);

    private static bool Runs(string? state, int? processId) => state == KnownResourceStates.Running && processId is not null;
}
