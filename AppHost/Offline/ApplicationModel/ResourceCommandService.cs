using System.Diagnostics.CodeAnalysis;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Does to resources what people ask for: start, stop, restart, and the commands of <c>WithCommand</c>.</summary>
public class ResourceCommandService
{
    private readonly ResourceNotificationService notifications;
    private readonly ResourceLoggerService loggers;
    private readonly IServiceProvider services;

    internal ResourceCommandService(ResourceNotificationService notifications, ResourceLoggerService loggers, IServiceProvider services)
    {
        this.notifications = notifications;
        this.loggers = loggers;
        this.services = services;
    }

    /// <summary>Does it to every instance of the resource.</summary>
    public Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, CancellationToken cancellationToken = default) =>
        ExecuteCommandAsync(resource, commandName, new([]), cancellationToken);

    /// <summary>Does it to every instance of the resource, with values.</summary>
    [Experimental("ASPIREINTERACTION001")]
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(
        IResource resource, string commandName, InteractionInputCollection arguments, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(resource);
        var result = CommandResults.Success();
        foreach (var id in resource.InstanceIds())
        {
            var one = await ExecuteAsync(resource, id, commandName, arguments, cancellationToken);
            result = result.Success ? one : result;
        }
        return result;
    }

    /// <summary>Does it to one instance, or to a resource with one instance, by id or name.</summary>
    public Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, CancellationToken cancellationToken = default) =>
        ExecuteCommandAsync(resourceId, commandName, new([]), cancellationToken);

    /// <summary>Does it to one instance, or to a resource with one instance, by id or name, with values.</summary>
    [Experimental("ASPIREINTERACTION001")]
    public Task<ExecuteCommandResult> ExecuteCommandAsync(
        string resourceId, string commandName, InteractionInputCollection arguments, CancellationToken cancellationToken = default) =>
        notifications.TryGetCurrentState(resourceId, out var known)
            ? ExecuteAsync(known.Resource, known.ResourceId, commandName, arguments, cancellationToken)
            : Task.FromResult(CommandResults.Failure($"Resource '{resourceId}' not found."));

    private async Task<ExecuteCommandResult> ExecuteAsync(
        IResource resource, string resourceId, string commandName, InteractionInputCollection arguments, CancellationToken cancellationToken)
    {
        var plainName = commandName.StartsWith("resource-", StringComparison.Ordinal) ? commandName["resource-".Length..] : commandName;
        var command = resource.Annotations.OfType<ResourceCommandAnnotation>().LastOrDefault(candidate => candidate.Name == commandName)
            ?? resource.Annotations.OfType<ResourceCommandAnnotation>().LastOrDefault(candidate => candidate.Name == plainName);
        if (command is null)
        {
            var names = resource.Annotations.OfType<ResourceCommandAnnotation>().Select(candidate => candidate.Name);
            return CommandResults.Failure($"Command '{commandName}' is not available for resource '{resourceId}'. Its commands: {string.Join(", ", names)}.");
        }
        try
        {
            return await command.ExecuteCommand(new()
            {
                ServiceProvider = services,
                ResourceName = resourceId,
                CancellationToken = cancellationToken,
                Logger = loggers.GetLogger(resourceId),
                Arguments = arguments,
            });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return CommandResults.Canceled();
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // A command is somebody else's code; its failure is its result.
            return CommandResults.Failure(failure);
        }
    }
}
