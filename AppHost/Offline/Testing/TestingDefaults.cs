using Aspire.Hosting.Offline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>
/// What is different in a test: no dashboard, ports that nobody else has, a data directory that goes with the application, and the resources' lines in
/// the log instead of on the terminal.
/// </summary>
internal sealed class TestingDefaults(string[] arguments) : IDisposable
{
    private const string DataOption = "--data";

    private readonly string? directory = arguments.Any(IsData) ? null : Directory.CreateTempSubdirectory("apphost-test-").FullName;

    /// <summary>The arguments with the defaults before them, so that the test's own win.</summary>
    internal string[] Arguments => [.. directory is null ? [] : (string[])[DataOption, directory], "--DcpPublisher:RandomizePorts", "true", .. arguments];

    internal void Apply(DistributedApplicationOptions options, HostApplicationBuilderSettings settings)
    {
        // A program that gives the builder other arguments than its own keeps them.
        options.Args = [.. Arguments, .. (options.Args ?? []).Except(Arguments)];
        options.DisableDashboard = true;
        options.AllowUnsecuredTransport = true;
        options.EnableResourceLogging = true;
        options.IsTest = true;
        settings.EnvironmentName = Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") ?? Environments.Development;
    }

    internal static void AddServices(IServiceCollection services)
    {
        services.AddHttpClient();
        services.AddSingleton(_ => new TerminalOutput(TextWriter.Null, isColored: false));
    }

    /// <summary>Deletes the data directory that was made for the test; one that the test gave stays.</summary>
    public void Dispose()
    {
        if (directory is null || !Directory.Exists(directory))
        {
            return;
        }
        // A host that is root lets its servers keep their data elsewhere.
        var servers = new DirectoryInfo(Path.Combine(directory, "servers"));
        if (servers.Exists && servers.ResolveLinkTarget(returnFinalTarget: true) is { Exists: true } elsewhere)
        {
            Directory.Delete(elsewhere.FullName, recursive: true);
        }
        Directory.Delete(directory, recursive: true);
    }

    private static bool IsData(string argument) => argument == DataOption || argument.StartsWith($"{DataOption}=", StringComparison.Ordinal);
}
