using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.UserSecrets;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Offline;

/// <summary>The host's configuration. Later wins: appsettings.json, appsettings.ENVIRONMENT.json, user secrets, environment, command line.</summary>
internal static class HostConfiguration
{
    internal static HostApplicationBuilder CreateBuilder(HostApplicationBuilderSettings settings, string[] arguments, string directory, Assembly? assembly)
    {
        arguments = TerminalVerbosity.Normalize(arguments);
        var commandLine = new ConfigurationBuilder().AddCommandLine(arguments).Build();
        var environment = Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") ?? Environment.GetEnvironmentVariable("ASPIRE_ENVIRONMENT");
        settings.ApplicationName ??= assembly?.GetName().Name;
        settings.EnvironmentName = commandLine["environment"] ?? settings.EnvironmentName ?? environment ?? Environments.Production;
        settings.ContentRootPath ??= Directory.Exists(directory) ? directory : null;
        var builder = Host.CreateEmptyApplicationBuilder(settings);
        builder.Configuration
            .AddJsonFile("appsettings.json", optional: true, reloadOnChange: false)
            .AddJsonFile($"appsettings.{builder.Environment.EnvironmentName}.json", optional: true, reloadOnChange: false);
        if (assembly?.GetCustomAttribute<UserSecretsIdAttribute>() is not null)
        {
            builder.Configuration.AddUserSecrets(assembly, optional: true, reloadOnChange: false);
        }
        builder.Configuration.AddEnvironmentVariables().AddCommandLine(arguments);
        return builder;
    }
}
