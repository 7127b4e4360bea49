namespace Aspire.Hosting.ApplicationModel;

/// <summary>Says that the resource starts only when it is told to.</summary>
public sealed class ExplicitStartupAnnotation : IResourceAnnotation;
