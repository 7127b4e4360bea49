using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>
/// Makes applications for tests, of an application host's program or described by the test itself: without a dashboard, on ports that nobody else
/// has, in a data directory of their own that is deleted with the application.
/// </summary>
public static class DistributedApplicationTestingBuilder
{
    /// <summary>Runs the program of the application host that <typeparamref name="TEntryPoint"/> is of, up to the point where it builds its application.</summary>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync(typeof(TEntryPoint), cancellationToken);

    /// <inheritdoc cref="CreateAsync{TEntryPoint}(CancellationToken)"/>
    /// <param name="args">The program's command line.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(string[] args, CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync(typeof(TEntryPoint), args, cancellationToken);

    /// <inheritdoc cref="CreateAsync{TEntryPoint}(CancellationToken)"/>
    /// <param name="args">The program's command line.</param>
    /// <param name="configureBuilder">Changes the options before the builder is made.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(
        string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder, CancellationToken cancellationToken = default) =>
        CreateAsync(typeof(TEntryPoint), args, configureBuilder, cancellationToken);

    /// <summary>Runs the program of the application host that the type is of, up to the point where it builds its application.</summary>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync(Type entryPoint, CancellationToken cancellationToken = default) =>
        CreateAsync(entryPoint, [], cancellationToken);

    /// <inheritdoc cref="CreateAsync(Type, CancellationToken)"/>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync(Type entryPoint, string[] args, CancellationToken cancellationToken = default) =>
        CreateAsync(entryPoint, args, (_, _) => { }, cancellationToken);

    /// <inheritdoc cref="CreateAsync(Type, CancellationToken)"/>
    public static async Task<IDistributedApplicationTestingBuilder> CreateAsync(
        Type entryPoint, string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(configureBuilder);
        var factory = new SuspendedFactory(entryPoint, args, configureBuilder);
        try
        {
            return new TestingBuilder(await factory.DescribeAsync(cancellationToken), factory.BuildAsync, factory);
        }
        catch (Exception)
        {
            await factory.DisposeAsync();
            throw;
        }
    }

    /// <summary>Describes an application in the test itself.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static IDistributedApplicationTestingBuilder Create(params string[] args) => Create(args, (_, _) => { }, Assembly.GetCallingAssembly());

    /// <inheritdoc cref="Create(string[])"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static IDistributedApplicationTestingBuilder Create(string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder) =>
        Create(args, configureBuilder, Assembly.GetCallingAssembly());

    private static TestingBuilder Create(string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder, Assembly caller)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(configureBuilder);
        var defaults = new TestingDefaults(args);
        var builder = new DistributedApplicationBuilder(new DistributedApplicationOptions { AssemblyName = caller.GetName().Name }, (options, settings) =>
        {
            defaults.Apply(options, settings);
            configureBuilder(options, settings);
        });
        TestingDefaults.AddServices(builder.Services);
        return new TestingBuilder(builder, Build, new Cleanup(defaults));

        Task<DistributedApplication> Build(CancellationToken cancellationToken)
        {
            var application = builder.Build();
            application.OnDisposed(defaults.Dispose);
            return Task.FromResult(application);
        }
    }

    private sealed class Cleanup(TestingDefaults defaults) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            defaults.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
