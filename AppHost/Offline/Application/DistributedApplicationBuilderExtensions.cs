using System.Diagnostics.CodeAnalysis;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Finds what was described before.</summary>
public static class DistributedApplicationBuilderExtensions
{
    /// <summary>Goes on describing the resource of that name; throws when there is none, or one of another type.</summary>
    public static IResourceBuilder<T> CreateResourceBuilder<T>(this IDistributedApplicationBuilder builder, string name) where T : IResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        var resource = Find(builder, name) ?? throw new InvalidOperationException($"Resource with name '{name}' was not found.");
        return resource is T typed
            ? builder.CreateResourceBuilder(typed)
            : throw new InvalidOperationException($"Resource with name '{name}' is a {resource.GetType().Name} and not a {typeof(T).Name}.");
    }

    /// <summary>Goes on describing the resource of that name, if there is one of that type.</summary>
    public static bool TryCreateResourceBuilder<T>(this IDistributedApplicationBuilder builder, string name, [NotNullWhen(true)] out IResourceBuilder<T>? resourceBuilder) where T : IResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        resourceBuilder = Find(builder, name) is T typed ? builder.CreateResourceBuilder(typed) : null;
        return resourceBuilder is not null;
    }

    private static IResource? Find(IDistributedApplicationBuilder builder, string name) =>
        builder.Resources.FirstOrDefault(resource => string.Equals(resource.Name, name, StringComparison.OrdinalIgnoreCase));
}
