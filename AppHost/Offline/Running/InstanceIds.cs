using System.Security.Cryptography;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Names instances: the resource's name for the only one, the name and eight random characters for one of several.</summary>
internal static class InstanceIds
{
    internal static string Make(IResource resource, int number, int count) =>
        count == 1 ? resource.Name : $"{resource.Name}-{number + 1}-{RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz", 8)}";
}
