namespace Aspire.Hosting.ApplicationModel;

/// <summary>A relation to another resource, for people to see.</summary>
public sealed class ResourceRelationshipAnnotation(IResource resource, string type) : IResourceAnnotation
{
    /// <summary>The other resource.</summary>
    public IResource Resource { get; } = resource;

    /// <summary>Reference, WaitFor, Parent or any other word.</summary>
    public string Type { get; } = type;
}

/// <summary>The relations the host makes itself.</summary>
internal static class KnownRelationshipTypes
{
    internal const string Reference = "Reference";
    internal const string WaitFor = "WaitFor";
    internal const string Parent = "Parent";
}
