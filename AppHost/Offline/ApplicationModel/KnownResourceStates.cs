namespace Aspire.Hosting.ApplicationModel;

/// <summary>The states every resource may be in.</summary>
public static class KnownResourceStates
{
    /// <summary>Not shown; kept for compatibility.</summary>
    public static readonly string Hidden = nameof(Hidden);

    /// <summary>On its way up.</summary>
    public static readonly string Starting = nameof(Starting);

    /// <summary>Up.</summary>
    public static readonly string Running = nameof(Running);

    /// <summary>Could not be started.</summary>
    public static readonly string FailedToStart = nameof(FailedToStart);

    /// <summary>The container runtime does not answer.</summary>
    public static readonly string RuntimeUnhealthy = nameof(RuntimeUnhealthy);

    /// <summary>On its way down.</summary>
    public static readonly string Stopping = nameof(Stopping);

    /// <summary>Ended: a container.</summary>
    public static readonly string Exited = nameof(Exited);

    /// <summary>Ended: a process.</summary>
    public static readonly string Finished = nameof(Finished);

    /// <summary>Waits for others.</summary>
    public static readonly string Waiting = nameof(Waiting);

    /// <summary>Starts only when it is told to.</summary>
    public static readonly string NotStarted = nameof(NotStarted);

    /// <summary>Is there without running.</summary>
    public static readonly string Active = nameof(Active);

    /// <summary>Its image is being built.</summary>
    public static readonly string Building = nameof(Building);

    /// <summary>A parameter without a value.</summary>
    public static readonly string ValueMissing = nameof(ValueMissing);

    /// <summary>The states that end a run.</summary>
    public static readonly IReadOnlyList<string> TerminalStates = [Finished, FailedToStart, Exited];
}

/// <summary>How a state is shown.</summary>
public static class KnownResourceStateStyles
{
    /// <summary>Good.</summary>
    public static readonly string Success = "success";

    /// <summary>Bad.</summary>
    public static readonly string Error = "error";

    /// <summary>Worth a look.</summary>
    public static readonly string Warn = "warning";

    /// <summary>Neutral.</summary>
    public static readonly string Info = "info";
}

/// <summary>The commands every resource that runs has.</summary>
public static class KnownResourceCommands
{
    /// <summary>Start it.</summary>
    public static readonly string StartCommand = "start";

    /// <summary>Stop it.</summary>
    public static readonly string StopCommand = "stop";

    /// <summary>Stop it and start it again.</summary>
    public static readonly string RestartCommand = "restart";
}

/// <summary>What a resource is, in a snapshot.</summary>
internal static class KnownResourceTypes
{
    internal const string Project = "Project";
    internal const string Container = "Container";
    internal const string Executable = "Executable";
    internal const string Parameter = "Parameter";
    internal const string ConnectionString = "ConnectionString";
    internal const string ExternalService = "ExternalService";

    internal static string Of(IResource resource) => resource switch
    {
        ProjectResource => Project,
        ExecutableResource => Executable,
        ParameterResource => Parameter,
        ConnectionStringResource => ConnectionString,
        ExternalServiceResource => ExternalService,
        _ when resource.IsContainer() => Container,
        _ => resource.GetType().Name,
    };
}

/// <summary>The properties of a snapshot that the host sets.</summary>
internal static class KnownProperties
{
    internal const string WaitingFor = "resource.waitingFor";
    internal const string Source = "resource.source";
    internal const string ConnectionString = "resource.connectionString";
    internal const string ParameterValue = "Value";
    internal const string ProjectPath = "project.path";
    internal const string ExecutablePath = "executable.path";
    internal const string ExecutablePid = "executable.pid";
    internal const string ExecutableWorkDir = "executable.workDir";
    internal const string ExecutableArgs = "executable.args";
    // Ours: how the resource was materialised, and why so.
    internal const string ContainerId = "container.id";
    internal const string ContainerImage = "container.image";
    internal const string ContainerPorts = "container.ports";
    internal const string ContainerCommand = "container.command";
    internal const string ContainerArgs = "container.args";
    internal const string ContainerLifetime = "container.lifetime";
    internal const string Materialization = "stack.materialization";
    internal const string MaterializationReason = "stack.materialization.reason";
    // Ours: when the host starts it again by itself (DateTime, UTC), and how often it crashed in a row (int).
    internal const string RestartAt = "stack.restart.at";
    internal const string RestartCrashes = "stack.restart.crashes";
}
