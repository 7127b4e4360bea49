using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>A variable as a process gets it.</summary>
internal readonly record struct EvaluatedVariable(string Name, string Value, bool IsSecret);

/// <summary>
/// Asks a resource's annotations for its environment and arguments and resolves the values. A value that leads to an
/// embedded resource is left out: a service sees by its absence that there is no server.
/// </summary>
internal static class EnvironmentEvaluator
{
    internal static async Task<IReadOnlyList<EvaluatedVariable>> EvaluateAsync(
        IResource resource, DistributedApplicationExecutionContext executionContext, ILogger logger, CancellationToken cancellationToken)
    {
        var collected = await CollectAsync(resource, executionContext, logger, cancellationToken);
        var variables = new List<EvaluatedVariable>(collected.Count);
        foreach (var (name, value) in collected)
        {
            if (await ResolveAsync(value, resource, executionContext, cancellationToken) is { } text)
            {
                variables.Add(new(name, text, Reaches(value, reached => reached is ParameterResource { Secret: true })));
            }
        }
        return variables;
    }

    internal static async Task<IReadOnlyList<string>> EvaluateArgumentsAsync(
        IResource resource, DistributedApplicationExecutionContext executionContext, ILogger logger, CancellationToken cancellationToken)
    {
        var collected = await CollectArgumentsAsync(resource, executionContext, logger, cancellationToken);
        var arguments = new List<string>(collected.Count);
        foreach (var value in collected)
        {
            if (await ResolveAsync(value, resource, executionContext, cancellationToken) is { } text)
            {
                arguments.Add(text);
            }
        }
        return arguments;
    }

    /// <summary>The variables as the annotations give them: texts and values that are known later.</summary>
    internal static async Task<IReadOnlyDictionary<string, object>> CollectAsync(
        IResource resource, DistributedApplicationExecutionContext executionContext, ILogger logger, CancellationToken cancellationToken)
    {
        var context = new EnvironmentCallbackContext(executionContext, resource, cancellationToken: cancellationToken) { Logger = logger };
        foreach (var callback in resource.Annotations.OfType<EnvironmentCallbackAnnotation>().ToArray())
        {
            await callback.Callback(context);
        }
        return context.EnvironmentVariables;
    }

    /// <summary>The arguments as the annotations give them: texts and values that are known later.</summary>
    internal static async Task<IReadOnlyList<object>> CollectArgumentsAsync(
        IResource resource, DistributedApplicationExecutionContext executionContext, ILogger logger, CancellationToken cancellationToken)
    {
        var context = new CommandLineArgsCallbackContext([], resource, cancellationToken) { ExecutionContext = executionContext, Logger = logger };
        foreach (var callback in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>().ToArray())
        {
            await callback.Callback(context);
        }
        return [.. context.Args];
    }

    private static async ValueTask<string?> ResolveAsync(
        object? value, IResource resource, DistributedApplicationExecutionContext executionContext, CancellationToken cancellationToken)
    {
        if (executionContext.IsPublishMode && value is IManifestExpressionProvider placeholder)
        {
            return placeholder.ValueExpression;
        }
        if (value is not null && Reaches(value, reached => reached is IResource candidate && candidate.IsEmbedded()))
        {
            return null;
        }
        return value switch
        {
            null => null,
            string text => text,
            IValueProvider provider => await provider.GetValueAsync(new ValueProviderContext { ExecutionContext = executionContext, Caller = resource, Network = NetworkOf(resource) }, cancellationToken),
            bool flag => flag ? "true" : "false",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture),
        };
    }

    // A container sees others in the containers' network; null means this machine.
    private static NetworkIdentifier? NetworkOf(IResource resource) =>
        resource.MaterializedAs()?.Kind == MaterializationKind.Container ? KnownNetworkIdentifiers.DefaultAspireContainerNetwork : null;

    private static bool Reaches(object value, Func<object, bool> wanted) => Reaches(value, wanted, []);

    // A server's connection string mentions its endpoint, and the endpoint its server: what was seen is not followed again.
    private static bool Reaches(object value, Func<object, bool> wanted, HashSet<object> seen) =>
        wanted(value) || (value is IValueWithReferences references && seen.Add(value) && references.References.Any(reference => Reaches(reference, wanted, seen)));
}
