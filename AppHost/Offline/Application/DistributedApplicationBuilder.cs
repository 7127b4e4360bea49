using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <inheritdoc/>
public class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly HostApplicationBuilder inner;
    private readonly DistributedApplicationOptions options;
    private readonly DistributedApplicationExecutionContextOptions executionContextOptions;
    private readonly HostDescription description;
    private bool isBuilt;

    /// <summary>Describes an application, with the options of a command line.</summary>
    public DistributedApplicationBuilder(string[] args) : this(new DistributedApplicationOptions { Args = args })
    {
    }

    /// <summary>Describes an application as the options say.</summary>
    public DistributedApplicationBuilder(DistributedApplicationOptions options) : this(options, ObservedEntryPoint.Current?.Hooks.Creating)
    {
        ObservedEntryPoint.Current?.Hooks.Created(this);
    }

    internal DistributedApplicationBuilder(DistributedApplicationOptions options, Action<DistributedApplicationOptions, HostApplicationBuilderSettings>? configure)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        var settings = new HostApplicationBuilderSettings();
        configure?.Invoke(options, settings);
        AppHostAssembly = options.AssemblyName is null ? Assembly.GetEntryAssembly() : Assembly.Load(options.AssemblyName);
        description = new HostDescription(AppHostAssembly);
        AppHostDirectory = Path.GetFullPath(options.ProjectDirectory ?? description.ProjectDirectory ?? System.Environment.CurrentDirectory);
        inner = HostConfiguration.CreateBuilder(settings, settings.Args ?? options.Args ?? [], AppHostDirectory, AppHostAssembly);
        AppHostPath = Path.Join(AppHostDirectory, description.ProjectName ?? inner.Environment.ApplicationName);
        executionContextOptions = PublishOptions.AreGiven(options.Args ?? [], Configuration)
            ? new(DistributedApplicationOperation.Publish, Configuration["publisher"] ?? PublishOptions.Manifest)
            : new(DistributedApplicationOperation.Run);
        ExecutionContext = new(executionContextOptions);
        AddIdentity();
        if (description.IsApplicationHost && !options.IsTest)
        {
            HostStartup.ExplainFailures();
        }
    }

    /// <inheritdoc/>
    public ConfigurationManager Configuration => inner.Configuration;

    /// <inheritdoc/>
    public IHostEnvironment Environment => inner.Environment;

    /// <inheritdoc/>
    public IServiceCollection Services => inner.Services;

    /// <inheritdoc/>
    public string AppHostDirectory { get; }

    /// <summary>The folder and the name of the project that describes the application.</summary>
    public string AppHostPath { get; }

    /// <inheritdoc/>
    public Assembly? AppHostAssembly { get; }

    /// <inheritdoc/>
    public DistributedApplicationExecutionContext ExecutionContext { get; }

    /// <inheritdoc/>
    public IDistributedApplicationEventing Eventing { get; } = new DistributedApplicationEventing();

    /// <inheritdoc/>
    public IResourceCollection Resources { get; } = new ResourceCollection();

    /// <inheritdoc/>
    public IResourceBuilder<T> AddResource<T>(T resource) where T : IResource
    {
        ArgumentNullException.ThrowIfNull(resource);
        Resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    /// <inheritdoc/>
    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource) where T : IResource
    {
        ArgumentNullException.ThrowIfNull(resource);
        return new ResourceBuilder<T>(this, resource);
    }

    /// <inheritdoc/>
    public DistributedApplication Build()
    {
        if (isBuilt)
        {
            throw new InvalidOperationException("The application is built already.");
        }
        isBuilt = true;
        ObservedEntryPoint.Current?.Hooks.Building(this);
        inner.AddOfflineHost(this, options, description);
        var host = inner.Build();
        executionContextOptions.ServiceProvider = host.Services;
        var application = new DistributedApplication(host);
        ObservedEntryPoint.Current?.OnBuilt(application);
        return application;
    }

    private void AddIdentity()
    {
        var pathHash = Hash(AppHostPath.ToLowerInvariant());
        var nameHash = Hash(description.ProjectFile ?? Path.GetFileName(AppHostPath));
        Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AppHost:Directory"] = AppHostDirectory,
            ["AppHost:Path"] = AppHostPath,
            ["AppHost:PathSha256"] = pathHash,
            ["AppHost:ProjectNameSha256"] = nameHash,
            ["AppHost:Sha256"] = ExecutionContext.IsPublishMode ? nameHash : pathHash,
        });
    }

    private static string Hash(string text) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
