namespace Aspire.Hosting;

/// <summary>How a project is added.</summary>
public class ProjectResourceOptions
{
    /// <summary>The launch profile.</summary>
    /// <value>Default null: the host's own one if the project has it, or else the first that launches the project.</value>
    public string? LaunchProfileName { get; set; }

    /// <summary>Whether to go without a launch profile.</summary>
    /// <value>Default false.</value>
    public bool ExcludeLaunchProfile { get; set; }

    /// <summary>Whether to leave out the endpoints of the project's Kestrel section.</summary>
    /// <value>Default false.</value>
    public bool ExcludeKestrelEndpoints { get; set; }
}
