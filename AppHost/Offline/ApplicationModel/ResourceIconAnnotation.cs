namespace Aspire.Hosting.ApplicationModel;

/// <summary>The style of an icon.</summary>
public enum IconVariant
{
    /// <summary>Outlined.</summary>
    Regular = 0,

    /// <summary>Filled.</summary>
    Filled = 1,
}

/// <summary>The icon a dashboard shows.</summary>
public sealed class ResourceIconAnnotation(string iconName, IconVariant iconVariant = IconVariant.Filled) : IResourceAnnotation
{
    /// <summary>Its name.</summary>
    public string IconName { get; } = iconName;

    /// <summary>Its style.</summary>
    public IconVariant IconVariant { get; } = iconVariant;
}
