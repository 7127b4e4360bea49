using System.Text;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>The launch profile a project is started with: its addresses, variables and arguments.</summary>
internal sealed class ProjectLaunchProfile(string name, LaunchProfile profile)
{
    /// <summary>The profile asked for, or the host's own one if the project has it, or the first that launches the project; null for none.</summary>
    internal static ProjectLaunchProfile? Choose(IProjectMetadata metadata, ProjectResourceOptions options, IConfiguration configuration)
    {
        if (options.ExcludeLaunchProfile || (metadata.LaunchSettings ?? LaunchSettings.ReadBeside(metadata.ProjectPath)) is not { } settings)
        {
            return options is { ExcludeLaunchProfile: false, LaunchProfileName: { } missing } ? throw NoSuchProfile(metadata, missing, []) : null;
        }
        if (options.LaunchProfileName is { } wanted)
        {
            return settings.Profiles.TryGetValue(wanted, out var found) ? new(wanted, found) : throw NoSuchProfile(metadata, wanted, settings.Profiles.Keys);
        }
        var own = configuration["AppHost:DefaultLaunchProfileName"] ?? configuration["DOTNET_LAUNCH_PROFILE"];
        if (own is not null && settings.Profiles.TryGetValue(own, out var same))
        {
            return new(own, same);
        }
        var first = settings.Profiles.FirstOrDefault(candidate => candidate.Value.CommandName is null or "Project" or "Executable");
        return first.Value is null ? null : new(first.Key, first.Value);
    }

    internal void AddEndpoints(IResourceBuilder<ProjectResource> project)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var url in (profile.ApplicationUrl ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!Uri.TryCreate(url.Replace("*", "localhost", StringComparison.Ordinal).Replace("+", "localhost", StringComparison.Ordinal), UriKind.Absolute, out var address))
            {
                throw new DistributedApplicationException($"The launch profile '{name}' of '{project.Resource.Name}' has an applicationUrl that is no URL: '{url}'.");
            }
            var number = seen[address.Scheme] = seen.GetValueOrDefault(address.Scheme) + 1;
            project.WithEndpoint(number == 1 ? address.Scheme : $"{address.Scheme}{number}", endpoint =>
            {
                endpoint.UriScheme = address.Scheme;
                endpoint.Port = address.Port;
                endpoint.TlsEnabled = address.Scheme == "https";
            });
        }
    }

    /// <summary>A deployment serves a project that has any address by http and https, on ports of its choice.</summary>
    internal void AddPublishedEndpoints(IResourceBuilder<ProjectResource> project)
    {
        if (!string.IsNullOrWhiteSpace(profile.ApplicationUrl))
        {
            project.WithHttpEndpoint().WithHttpsEndpoint();
        }
    }

    internal void AddEnvironment(IResourceBuilder<ProjectResource> project) => project.WithEnvironment(context =>
    {
        if (context.ExecutionContext.IsPublishMode)
        {
            return;
        }
        context.EnvironmentVariables.TryAdd("DOTNET_LAUNCH_PROFILE", name);
        foreach (var (variable, value) in profile.EnvironmentVariables)
        {
            context.EnvironmentVariables.TryAdd(variable, Environment.ExpandEnvironmentVariables(value));
        }
    });

    /// <summary>The profile's arguments count only when the application host gives none.</summary>
    internal void AddArguments(IResourceBuilder<ProjectResource> project)
    {
        if (profile.CommandLineArgs is { Length: > 0 } line)
        {
            project.WithAnnotation(new LaunchProfileArgumentsAnnotation(Split(line)));
        }
    }

    private static List<string> Split(string line)
    {
        var arguments = new List<string>();
        var current = new StringBuilder();
        var (quoted, any) = (false, false);
        foreach (var letter in line)
        {
            if (letter == '"')
            {
                (quoted, any) = (!quoted, true);
            }
            else if (char.IsWhiteSpace(letter) && !quoted)
            {
                if (any || current.Length > 0)
                {
                    arguments.Add(current.ToString());
                }
                current.Clear();
                any = false;
            }
            else
            {
                current.Append(letter);
            }
        }
        if (any || current.Length > 0)
        {
            arguments.Add(current.ToString());
        }
        return arguments;
    }

    private static DistributedApplicationException NoSuchProfile(IProjectMetadata metadata, string wanted, IEnumerable<string> known) => new(
        $"Launch settings file of '{metadata.ProjectPath}' does not contain '{wanted}' profile. Its profiles: {(known.Any() ? string.Join(", ", known) : "none")}.");
}

/// <summary>The arguments of a launch profile, for a project that is given no others.</summary>
internal sealed class LaunchProfileArgumentsAnnotation(IReadOnlyList<string> arguments) : IResourceAnnotation
{
    internal IReadOnlyList<string> Arguments { get; } = arguments;
}
