using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Whether a command can be used.</summary>
public enum ResourceCommandState
{
    /// <summary>Yes.</summary>
    Enabled = 0,

    /// <summary>Not now.</summary>
    Disabled = 1,

    /// <summary>Not now, and it is not shown.</summary>
    Hidden = 2,
}

/// <summary>Something that people can do to the resource.</summary>
public sealed class ResourceCommandAnnotation(
    string name,
    string displayName,
    Func<UpdateCommandStateContext, ResourceCommandState> updateState,
    Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand,
    string? displayDescription,
    object? parameter,
    string? confirmationMessage,
    string? iconName,
    IconVariant? iconVariant,
    bool isHighlighted) : IResourceAnnotation
{
    /// <summary>The name, unique in the resource.</summary>
    public string Name { get; } = name;

    /// <summary>The name people see.</summary>
    public string DisplayName { get; } = displayName;

    /// <summary>Says whether it can be used.</summary>
    public Func<UpdateCommandStateContext, ResourceCommandState> UpdateState { get; } = updateState;

    /// <summary>Does it.</summary>
    public Func<ExecuteCommandContext, Task<ExecuteCommandResult>> ExecuteCommand { get; } = executeCommand;

    /// <summary>What it does; null when nobody said.</summary>
    public string? DisplayDescription { get; } = displayDescription;

    /// <summary>Anything the command wants to know again.</summary>
    public object? Parameter { get; } = parameter;

    /// <summary>What people confirm first; null means nothing.</summary>
    public string? ConfirmationMessage { get; } = confirmationMessage;

    /// <summary>Its icon.</summary>
    public string? IconName { get; } = iconName;

    /// <summary>The style of the icon.</summary>
    public IconVariant? IconVariant { get; } = iconVariant;

    /// <summary>Whether it stands out.</summary>
    public bool IsHighlighted { get; } = isHighlighted;
}

/// <summary>What a command may look at to say whether it can be used.</summary>
public sealed class UpdateCommandStateContext
{
    /// <summary>The resource's state.</summary>
    public required CustomResourceSnapshot ResourceSnapshot { get; init; }

    /// <summary>The application's services.</summary>
    public required IServiceProvider ServiceProvider { get; init; }
}

/// <summary>What a command is given.</summary>
public sealed class ExecuteCommandContext
{
    /// <summary>The application's services.</summary>
    public required IServiceProvider ServiceProvider { get; init; }

    /// <summary>The id of the instance it is done to.</summary>
    public required string ResourceName { get; init; }

    /// <summary>Canceled when whoever asked gave up.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>The resource's log.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>The values the command was given; none when it was given none.</summary>
    [Experimental("ASPIREINTERACTION001")]
    public InteractionInputCollection Arguments { get; init; } = new([]);
}

/// <summary>How a command may look and behave.</summary>
public class CommandOptions
{
    /// <summary>What it does.</summary>
    public string? Description { get; set; }

    /// <summary>Anything the command wants to know again.</summary>
    public object? Parameter { get; set; }

    /// <summary>What people confirm first.</summary>
    /// <value>Default null: nothing.</value>
    public string? ConfirmationMessage { get; set; }

    /// <summary>Its icon.</summary>
    public string? IconName { get; set; }

    /// <summary>The style of the icon.</summary>
    public IconVariant? IconVariant { get; set; }

    /// <summary>Whether it stands out.</summary>
    public bool IsHighlighted { get; set; }

    /// <summary>Says whether it can be used.</summary>
    /// <value>Default null: always.</value>
    public Func<UpdateCommandStateContext, ResourceCommandState>? UpdateState { get; set; }
}
