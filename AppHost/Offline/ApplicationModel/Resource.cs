using System.Diagnostics;

namespace Aspire.Hosting.ApplicationModel;

/// <inheritdoc/>
[DebuggerDisplay("{GetType().Name,nq} {Name}")]
public abstract class Resource : IResource
{
    /// <summary>A resource of this name; see <see cref="ResourceName"/> for what a name may be.</summary>
    protected Resource(string name)
    {
        ResourceName.Check(name);
        Name = name;
    }

    /// <inheritdoc/>
    public virtual string Name { get; }

    /// <inheritdoc/>
    public virtual ResourceAnnotationCollection Annotations { get; } = [];

    /// <inheritdoc/>
    public override string ToString() => Name;
}
