using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>Describes an application: its resources, their relations and what the host itself uses.</summary>
public interface IDistributedApplicationBuilder
{
    /// <summary>The host's configuration: settings files, user secrets, environment, command line.</summary>
    ConfigurationManager Configuration { get; }

    /// <summary>The folder of the project that describes the application.</summary>
    string AppHostDirectory { get; }

    /// <summary>The assembly that describes the application; null when it is not known.</summary>
    Assembly? AppHostAssembly { get; }

    /// <summary>The environment: Development, Production and so on.</summary>
    IHostEnvironment Environment { get; }

    /// <summary>The host's own services.</summary>
    IServiceCollection Services { get; }

    /// <summary>What the application is being used for.</summary>
    DistributedApplicationExecutionContext ExecutionContext { get; }

    /// <summary>The application's events.</summary>
    IDistributedApplicationEventing Eventing { get; }

    /// <summary>The resources so far.</summary>
    IResourceCollection Resources { get; }

    /// <summary>Adds a resource; throws when the name is taken.</summary>
    IResourceBuilder<T> AddResource<T>(T resource) where T : IResource;

    /// <summary>Describes a resource without adding it.</summary>
    IResourceBuilder<T> CreateResourceBuilder<T>(T resource) where T : IResource;

    /// <summary>Makes the application; may be called once.</summary>
    DistributedApplication Build();
}
