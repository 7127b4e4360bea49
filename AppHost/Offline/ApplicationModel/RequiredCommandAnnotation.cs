namespace Aspire.Hosting.ApplicationModel;

/// <summary>A program that must be installed for the resource to start.</summary>
public class RequiredCommandAnnotation(string command) : IResourceAnnotation
{
    /// <summary>Its path, or a name that is looked up in PATH.</summary>
    public string Command { get; } = command;

    /// <summary>Where to read how to install it; null for none.</summary>
    public string? HelpLink { get; init; }
}
