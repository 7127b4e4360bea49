namespace Aspire.Hosting.ApplicationModel;

/// <summary>Which variables a reference adds.</summary>
[Flags]
public enum ReferenceEnvironmentInjectionFlags
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><c>ConnectionStrings__NAME</c>.</summary>
    ConnectionString = 1,

    /// <summary><c>NAME_PROPERTY</c> for each part of the connection string.</summary>
    ConnectionProperties = 2,

    /// <summary><c>services__NAME__SCHEME__0</c>.</summary>
    ServiceDiscovery = 4,

    /// <summary><c>NAME_ENDPOINT</c>.</summary>
    Endpoints = 8,

    /// <summary>All of them.</summary>
    All = ConnectionString | ConnectionProperties | ServiceDiscovery | Endpoints,
}

/// <summary>Limits what references add to the resource's environment.</summary>
public sealed class ReferenceEnvironmentInjectionAnnotation(ReferenceEnvironmentInjectionFlags flags) : IResourceAnnotation
{
    /// <summary>What they may add.</summary>
    public ReferenceEnvironmentInjectionFlags Flags { get; } = flags;
}
