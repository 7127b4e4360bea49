using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>The commands of every resource the host runs: start, stop, restart.</summary>
internal static class LifecycleCommands
{
    internal static void Add(IResource resource, Func<string, ResourceSupervisor?> find)
    {
        Add(resource, KnownResourceCommands.StartCommand, "Start", find, supervisor => supervisor.RequestStart(), state =>
            state is null || state == KnownResourceStates.NotStarted || state == KnownResourceStates.Waiting || KnownResourceStates.TerminalStates.Contains(state));
        Add(resource, KnownResourceCommands.StopCommand, "Stop", find, supervisor => supervisor.RequestStop(), state => state == KnownResourceStates.Running);
        Add(resource, KnownResourceCommands.RestartCommand, "Restart", find, supervisor =>
        {
            supervisor.RequestStop();
            supervisor.RequestStart();
        }, state => state == KnownResourceStates.Running);
    }

    private static void Add(
        IResource resource, string name, string displayName, Func<string, ResourceSupervisor?> find, Action<ResourceSupervisor> act, Func<string?, bool> isEnabled)
    {
        if (resource.Annotations.OfType<ResourceCommandAnnotation>().Any(command => command.Name == name))
        {
            return;
        }
        resource.Annotations.Add(new ResourceCommandAnnotation(
            name,
            displayName,
            context => isEnabled(context.ResourceSnapshot.State?.Text) ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
            context =>
            {
                if (find(context.ResourceName) is not { } supervisor)
                {
                    return Task.FromResult(CommandResults.Failure($"'{context.ResourceName}' is not run by this host."));
                }
                act(supervisor);
                return Task.FromResult(CommandResults.Success());
            },
            displayDescription: null,
            parameter: null,
            confirmationMessage: null,
            iconName: null,
            iconVariant: null,
            isHighlighted: false));
    }
}
