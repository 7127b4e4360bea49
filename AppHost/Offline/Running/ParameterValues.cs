using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// The values of parameters that configuration does not have: asked for on the terminal before anything starts, set by a command later, and kept in the
/// secrets file of the data directory until they are deleted. Whoever waits for a value goes on when it is there.
/// </summary>
internal sealed partial class ParameterValues(
    DistributedApplicationModel model, StateDirectory data, ResourceNotificationService notifications, IInteractionService interactions, ILogger<ParameterValues> logger)
{
    internal const string SetCommand = "set-parameter";
    internal const string DeleteCommand = "delete-parameter";
    internal const string ValueInput = "value";

    private readonly SecretFile secrets = new(data.Path);
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a value is set next.</summary>
    internal Task Changed => Volatile.Read(ref changed).Task;

    /// <summary>Reads the values that were kept, and asks for those that are missing when somebody is there to ask. What stays missing is said by the resource itself.</summary>
    internal async Task ResolveAsync(CancellationToken cancellationToken)
    {
        var canAsk = interactions.IsAvailable;
        foreach (var parameter in model.Resources.OfType<ParameterResource>())
        {
            AddCommands(parameter);
            if (!parameter.IsMissing())
            {
                continue;
            }
            if (Kept(parameter) is { } kept)
            {
                parameter.Set(kept);
            }
            else if (canAsk)
            {
                canAsk = await AskAsync(parameter, cancellationToken);
            }
        }
    }

    /// <summary>Sets the value, for the running application and for the next runs.</summary>
    internal async Task SetAsync(ParameterResource parameter, string value)
    {
        secrets.Set(parameter.ConfigurationKey, value);
        parameter.Set(value);
        await notifications.PublishUpdateAsync(parameter, snapshot => snapshot with
        {
            State = KnownResourceStates.Running,
            Properties = snapshot.Properties.With(KnownProperties.ParameterValue, value, parameter.Secret),
        });
        Interlocked.Exchange(ref changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    private string? Kept(ParameterResource parameter)
    {
        try
        {
            return secrets.Find(parameter.ConfigurationKey);
        }
        catch (DistributedApplicationException failure)
        {
            // One file that cannot be read must not keep everything from starting.
            LogUnreadable(failure.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Reason}")]
    private partial void LogUnreadable(string reason);

    private void AddCommands(ParameterResource parameter)
    {
        Add(parameter, SetCommand, "Set value", context => SetAsync(parameter, context));
        Add(parameter, DeleteCommand, "Delete value", _ =>
        {
            secrets.Remove(parameter.ConfigurationKey);
            return Task.FromResult(CommandResults.Success("The value is used until the application ends, and not kept any more."));
        });
    }

    private static void Add(ParameterResource parameter, string name, string displayName, Func<ExecuteCommandContext, Task<ExecuteCommandResult>> execute)
    {
        if (!parameter.Annotations.OfType<ResourceCommandAnnotation>().Any(command => command.Name == name))
        {
            parameter.Annotations.Add(new ResourceCommandAnnotation(name, displayName, _ => ResourceCommandState.Enabled, execute, null, null, null, null, null, isHighlighted: false));
        }
    }

    private async Task<ExecuteCommandResult> SetAsync(ParameterResource parameter, ExecuteCommandContext context)
    {
        if (context.Arguments.TryGetByName(ValueInput, out var given) && given.Value is { Length: > 0 } value)
        {
            await SetAsync(parameter, value);
            return CommandResults.Success();
        }
        return !interactions.IsAvailable
            ? CommandResults.Failure($"Give the command an argument '{ValueInput}', or start the host in a terminal, where it can ask.")
            : await AskAsync(parameter, context.CancellationToken) ? CommandResults.Success() : CommandResults.Canceled();
    }

    private async Task<bool> AskAsync(ParameterResource parameter, CancellationToken cancellationToken)
    {
        var answer = await interactions.PromptInputAsync(
            $"Parameter '{parameter.Name}' has no value",
            "it is kept for the next runs",
            parameter.Input?.Invoke(parameter) ?? new InteractionInput
            {
                Name = parameter.Name,
                Description = parameter.Description,
                InputType = parameter.Secret ? InputType.SecretText : InputType.Text,
                Required = true,
            },
            cancellationToken: cancellationToken);
        if (answer.Canceled)
        {
            return false;
        }
        await SetAsync(parameter, answer.Data.Value ?? "");
        return true;
    }
}
