namespace Aspire.Hosting.ApplicationModel;

/// <summary>A .NET project or a single C# file.</summary>
public class CSharpAppResource(string name) : ProjectResource(name);

/// <summary>Says that a deployed project is not told to trust the headers of a proxy.</summary>
public sealed class DisableForwardedHeadersAnnotation : IResourceAnnotation;
