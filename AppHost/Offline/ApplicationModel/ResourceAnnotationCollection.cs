using System.Collections.ObjectModel;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Something known about a resource.</summary>
public interface IResourceAnnotation;

/// <summary>What is known about a resource, in the order it was said.</summary>
public sealed class ResourceAnnotationCollection : Collection<IResourceAnnotation>;

/// <summary>What to do when an annotation of the type is there already.</summary>
public enum ResourceAnnotationMutationBehavior
{
    /// <summary>Keep both.</summary>
    Append = 0,

    /// <summary>Keep the later one.</summary>
    Replace = 1,
}
