using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>One of the instances the host runs of a resource.</summary>
internal sealed record ResourceInstance(IResource Resource, string Id, int Replica, ResourceLog Log)
{
    /// <summary>What tells the instance from others of its resource.</summary>
    internal string Suffix => Id.Length > Resource.Name.Length ? Id[(Resource.Name.Length + 1)..] : Id;
}
