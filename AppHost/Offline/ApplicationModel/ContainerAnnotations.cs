namespace Aspire.Hosting.ApplicationModel;

/// <summary>The image of a container.</summary>
public sealed class ContainerImageAnnotation : IResourceAnnotation
{
    private string? tag;
    private string? sha256;

    /// <summary>The registry; null means the runtime's default.</summary>
    public string? Registry { get; set; }

    /// <summary>The name.</summary>
    public required string Image { get; set; }

    /// <summary>The tag; null when the digest says which.</summary>
    public string? Tag
    {
        get => tag;
        set => (tag, sha256) = (value, value is null ? sha256 : null);
    }

    /// <summary>The digest; null when the tag says which.</summary>
    public string? SHA256
    {
        get => sha256;
        set => (sha256, tag) = (value, value is null ? tag : null);
    }
}

/// <summary>How long a container lives.</summary>
public enum ContainerLifetime
{
    /// <summary>As long as the application host.</summary>
    Session = 0,

    /// <summary>Longer than the application host.</summary>
    Persistent = 1,
}

/// <summary>How long the container lives.</summary>
public sealed class ContainerLifetimeAnnotation : IResourceAnnotation
{
    /// <summary>How long.</summary>
    public required ContainerLifetime Lifetime { get; set; }
}

/// <summary>The container's name in the runtime.</summary>
public sealed class ContainerNameAnnotation : IResourceAnnotation
{
    /// <summary>The name.</summary>
    public required string Name { get; set; }
}

/// <summary>When an image is pulled.</summary>
public enum ImagePullPolicy
{
    /// <summary>As the runtime does.</summary>
    Default = 0,

    /// <summary>At every start.</summary>
    Always = 1,

    /// <summary>When it is not there.</summary>
    Missing = 2,

    /// <summary>Never.</summary>
    Never = 3,
}

/// <summary>When the image is pulled.</summary>
public sealed class ContainerImagePullPolicyAnnotation : IResourceAnnotation
{
    /// <summary>When.</summary>
    public required ImagePullPolicy ImagePullPolicy { get; set; }
}

/// <summary>What is mounted in a container.</summary>
public enum ContainerMountType
{
    /// <summary>A file or folder of the host.</summary>
    BindMount = 0,

    /// <summary>A volume of the runtime.</summary>
    Volume = 1,
}

/// <summary>Something mounted in the container.</summary>
public sealed class ContainerMountAnnotation : IResourceAnnotation
{
    /// <summary>A mount; a bind mount needs a rooted source.</summary>
    public ContainerMountAnnotation(string? source, string target, ContainerMountType type, bool isReadOnly)
    {
        ArgumentException.ThrowIfNullOrEmpty(target);
        if (type == ContainerMountType.BindMount && !Path.IsPathRooted(source))
        {
            throw new ArgumentException($"The source of a bind mount must be a rooted path, and '{source}' is not.", nameof(source));
        }
        if (type == ContainerMountType.Volume && string.IsNullOrEmpty(source) && isReadOnly)
        {
            throw new ArgumentException("A volume without a name cannot be read-only: it would stay empty.", nameof(isReadOnly));
        }
        (Source, Target, Type, IsReadOnly) = (source, target, type, isReadOnly);
    }

    /// <summary>The path on the host or the volume's name; null means a volume without a name.</summary>
    public string? Source { get; }

    /// <summary>The path in the container.</summary>
    public string Target { get; }

    /// <summary>What is mounted.</summary>
    public ContainerMountType Type { get; }

    /// <summary>Whether the container can only read it.</summary>
    public bool IsReadOnly { get; }
}

/// <summary>Adds arguments for the runtime, not for the container.</summary>
public sealed class ContainerRuntimeArgsCallbackAnnotation : IResourceAnnotation
{
    /// <summary>Adds arguments.</summary>
    public ContainerRuntimeArgsCallbackAnnotation(Action<IList<object>> callback)
        : this(context =>
        {
            callback(context.Args);
            return Task.CompletedTask;
        })
    {
    }

    /// <summary>Adds arguments.</summary>
    public ContainerRuntimeArgsCallbackAnnotation(Func<ContainerRuntimeArgsCallbackContext, Task> callback) => Callback = callback;

    /// <summary>What adds them.</summary>
    public Func<ContainerRuntimeArgsCallbackContext, Task> Callback { get; }
}

/// <summary>The arguments so far.</summary>
public sealed class ContainerRuntimeArgsCallbackContext(IList<object> args, CancellationToken cancellationToken = default)
{
    /// <summary>The arguments; add to them.</summary>
    public IList<object> Args { get; } = args;

    /// <summary>Canceled when the application stops.</summary>
    public CancellationToken CancellationToken { get; } = cancellationToken;
}

/// <summary>Another name under which other containers find the container.</summary>
public sealed class ContainerNetworkAliasAnnotation(string alias) : IResourceAnnotation
{
    /// <summary>The name.</summary>
    public string Alias { get; } = alias;

    /// <summary>The network it is known in.</summary>
    public NetworkIdentifier Network { get; set; } = KnownNetworkIdentifiers.DefaultAspireContainerNetwork;
}

/// <summary>Whether a proxy may stand in front of the resource's endpoints.</summary>
public sealed class ProxySupportAnnotation : IResourceAnnotation
{
    /// <summary>Whether it may.</summary>
    public required bool ProxyEnabled { get; set; }
}
