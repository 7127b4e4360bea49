using System.Globalization;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Postgres;

namespace Aspire.Hosting;

public static partial class PostgresBuilderExtensions
{
    private const UnixFileMode ReadableByAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Adds pgAdmin, one for all servers that ask for it. It is a container, and runs only where containers do.</summary>
    public static IResourceBuilder<T> WithPgAdmin<T>(
        this IResourceBuilder<T> builder, Action<IResourceBuilder<PgAdminContainerResource>>? configureContainer = null, string? containerName = null)
        where T : PostgresServerResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        var application = builder.ApplicationBuilder;
        if (application.Resources.OfType<PgAdminContainerResource>().FirstOrDefault() is { } existing)
        {
            configureContainer?.Invoke(application.CreateResourceBuilder(existing));
            return builder;
        }
        var tool = application.AddResource(new PgAdminContainerResource(containerName ?? "pgadmin"))
            .WithImage("dpage/pgadmin4", "9.15.0")
            .WithImageRegistry("docker.io")
            .WithHttpEndpoint(targetPort: 80, name: "http")
            .WithEnvironment("PGADMIN_CONFIG_MASTER_PASSWORD_REQUIRED", "False")
            .WithEnvironment("PGADMIN_CONFIG_SERVER_MODE", "False")
            .WithEnvironment("PGADMIN_DEFAULT_EMAIL", "admin@domain.com")
            .WithEnvironment("PGADMIN_DEFAULT_PASSWORD", "admin")
            .WithHttpHealthCheck("/browser")
            .WithContainerFiles("/pgadmin4", async (_, cancellationToken) => [await ServerListAsync(application, cancellationToken)]);
        configureContainer?.Invoke(tool);
        return builder;
    }

    /// <summary>Adds pgweb, one for all servers that ask for it. It is a container, and runs only where containers do.</summary>
    public static IResourceBuilder<PostgresServerResource> WithPgWeb(
        this IResourceBuilder<PostgresServerResource> builder, Action<IResourceBuilder<PgWebContainerResource>>? configureContainer = null, string? containerName = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var application = builder.ApplicationBuilder;
        if (application.Resources.OfType<PgWebContainerResource>().FirstOrDefault() is { } existing)
        {
            configureContainer?.Invoke(application.CreateResourceBuilder(existing));
            return builder;
        }
        var tool = application.AddResource(new PgWebContainerResource(containerName ?? "pgweb"))
            .WithImage("sosedoff/pgweb", "0.17.0")
            .WithImageRegistry("docker.io")
            .WithHttpEndpoint(targetPort: 8081, name: "http")
            .WithArgs("--bookmarks-dir=/.pgweb/bookmarks", "--sessions")
            .WithHttpHealthCheck()
            .WithContainerFiles("/", async (_, cancellationToken) => await BookmarksAsync(application, cancellationToken));
        configureContainer?.Invoke(tool);
        return builder;
    }

    /// <summary>Changes the port of pgAdmin; null means one that is free.</summary>
    public static IResourceBuilder<PgAdminContainerResource> WithHostPort(this IResourceBuilder<PgAdminContainerResource> builder, int? port) =>
        builder.WithEndpoint("http", endpoint => endpoint.Port = port);

    /// <summary>Changes the port of pgweb; null means one that is free.</summary>
    public static IResourceBuilder<PgWebContainerResource> WithHostPort(this IResourceBuilder<PgWebContainerResource> builder, int? port) =>
        builder.WithEndpoint("http", endpoint => endpoint.Port = port);

    /// <summary>Puts SQL files and scripts, relative to the application host's project, where the image runs them when its data are empty. Another way of running it leaves them out.</summary>
    public static IResourceBuilder<PostgresServerResource> WithInitFiles(this IResourceBuilder<PostgresServerResource> builder, string source) =>
        builder.WithContainerFiles("/docker-entrypoint-initdb.d", source);

    /// <summary>Says what is run to create the database when it is not there, in place of <c>CREATE DATABASE</c> and its name.</summary>
    public static IResourceBuilder<PostgresDatabaseResource> WithCreationScript(this IResourceBuilder<PostgresDatabaseResource> builder, string script)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(script);
        return builder.WithAnnotation(new PostgresCreateDatabaseScriptAnnotation(script), ResourceAnnotationMutationBehavior.Replace);
    }

    private static Dictionary<string, string> CreationScripts(IDistributedApplicationBuilder application, PostgresServerResource server) => application.Resources.OfType<PostgresDatabaseResource>()
        .Where(database => database.Parent == server && database.HasAnnotationOfType<PostgresCreateDatabaseScriptAnnotation>())
        .ToDictionary(database => database.Name, database => database.Annotations.OfType<PostgresCreateDatabaseScriptAnnotation>().Last().Script);

    private static readonly ValueProviderContext InContainers = new() { Network = KnownNetworkIdentifiers.DefaultAspireContainerNetwork };

    private static async Task<ContainerFileSystemItem> ServerListAsync(IDistributedApplicationBuilder application, CancellationToken cancellationToken)
    {
        var servers = new Dictionary<string, object>();
        foreach (var server in application.Resources.OfType<PostgresServerResource>())
        {
            servers[(servers.Count + 1).ToString(CultureInfo.InvariantCulture)] = new
            {
                server.Name,
                Group = "Servers",
                Host = await server.Host.GetValueAsync(InContainers, cancellationToken),
                Port = int.Parse(await server.Port.GetValueAsync(InContainers, cancellationToken) ?? "5432", CultureInfo.InvariantCulture),
                Username = await server.UserNameReference.GetValueAsync(cancellationToken),
                SSLMode = "prefer",
                MaintenanceDB = "postgres",
                PasswordExecCommand = $"echo '{await server.PasswordParameter.GetValueAsync(cancellationToken)}'",
            };
        }
        return new ContainerFile { Name = "servers.json", Contents = JsonSerializer.Serialize(new { Servers = servers }), Mode = ReadableByAll };
    }

    private static async Task<IEnumerable<ContainerFileSystemItem>> BookmarksAsync(IDistributedApplicationBuilder application, CancellationToken cancellationToken)
    {
        var bookmarks = new List<ContainerFileSystemItem>();
        foreach (var database in application.Resources.OfType<PostgresDatabaseResource>())
        {
            var server = database.Parent;
            bookmarks.Add(new ContainerFile
            {
                Name = $"{database.Name}.toml",
                Mode = ReadableByAll,
                Contents = $"""
                    host = "{await server.Host.GetValueAsync(InContainers, cancellationToken)}"
                    port = {await server.Port.GetValueAsync(InContainers, cancellationToken)}
                    user = "{await server.UserNameReference.GetValueAsync(cancellationToken)}"
                    password = "{await server.PasswordParameter.GetValueAsync(cancellationToken)}"
                    database = "{database.DatabaseName}"
                    sslmode = "disable"

                    """,
            });
        }
        return [new ContainerDirectory { Name = ".pgweb", Entries = [new ContainerDirectory { Name = "bookmarks", Entries = bookmarks }] }];
    }
}
