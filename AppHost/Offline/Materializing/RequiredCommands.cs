using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Looks whether the programs are installed that a resource says it needs.</summary>
internal static class RequiredCommands
{
    internal static void Check(IResource resource)
    {
        foreach (var required in resource.Annotations.OfType<RequiredCommandAnnotation>())
        {
            try
            {
                ProgramSearch.OfThisMachine().Require(required.Command, Environment.CurrentDirectory);
            }
            catch (DistributedApplicationException missing)
            {
                throw new DistributedApplicationException($"'{resource.Name}' needs a program. {missing.Message}{(required.HelpLink is { } link ? $" See {link}" : "")}", missing);
            }
        }
    }
}
